package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/fault"
	"marketplace/shared/postgres"
)

var (
	// ErrNotParked means that no message of that id waits for a decision.
	ErrNotParked = fault.New(fault.NotFound, "message_not_parked", "No message of that id waits or is dead.")
	// ErrBeingTried means that a try of the message runs; RetryAfter says when it is over at the latest.
	ErrBeingTried = fault.New(fault.Conflict, "message_being_tried", "A try of the message is running.")
	// ErrHadEffect means that there is nothing to decide any more: the message is done.
	ErrHadEffect = fault.New(fault.Conflict, "message_had_effect", "The message has had its effect, so nothing was changed. It is done now.")
)

const (
	lockParked = `
		select extract(epoch from greatest(trying_until - now(), interval '0'))::float8 from parked
		where consumer = $1 and message_id = $2 and status in ('waiting', 'dead')
		for no key update`
	hadEffect = `
		with effect as (select from inbox where consumer = $1 and message_id = $2)
		update parked set status = 'done', trying_until = null
		where consumer = $1 and message_id = $2 and exists (select from effect)`
)

// Replay gives a message all its tries again, beginning within a second.
func (p Parked) Replay(ctx context.Context, id string) error {
	return p.decide(ctx, `
		update parked set status = 'waiting', attempts = 0, next_at = now(), trying_until = null
		where consumer = $1 and message_id = $2`, id)
}

// Edit replaces a message's body. The message is dead until Replay, so that nothing is done with it half way.
func (p Parked) Edit(ctx context.Context, id string, body []byte) error {
	return p.decide(ctx, `
		update parked set body = $3, status = 'dead', trying_until = null
		where consumer = $1 and message_id = $2`, id, body)
}

// Drop gives a message up for good; the reason is kept with it.
func (p Parked) Drop(ctx context.Context, id, reason string) error {
	return p.decide(ctx, `
		update parked set status = 'dropped', reason = $3, trying_until = null
		where consumer = $1 and message_id = $2`, id, reason)
}

// decide makes a decision about a message that waits or is dead. It is refused while a try runs, which has the message as it was
// and may still commit its effect, and when the message has had its effect: the process that was to record that may have died, or
// another copy came first.
func (p Parked) decide(ctx context.Context, decision, id string, more ...any) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	done := false
	err := postgres.InTx(ctx, p.Pool, func(tx pgx.Tx) error {
		var left *float64
		err := tx.QueryRow(ctx, lockParked, p.Consumer, id).Scan(&left)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return ErrNotParked
		case err != nil:
			return err
		}
		tag, err := tx.Exec(ctx, hadEffect, p.Consumer, id)
		if done = tag.RowsAffected() > 0; err != nil || done {
			return err
		}
		if left != nil && *left > 0 {
			return beingTried(time.Duration(*left * float64(time.Second)))
		}
		_, err = tx.Exec(ctx, decision, append([]any{p.Consumer, id}, more...)...)
		return err
	})
	if err == nil && done {
		return ErrHadEffect
	}
	return err
}

func beingTried(left time.Duration) error {
	e := ErrBeingTried.WithRetryAfter(left)
	e.Message = fmt.Sprintf("A try of the message is running; it is over in %s at the latest. Try again then.", seconds(left))
	return e
}

// seconds is a duration in whole seconds, rounded up.
func seconds(d time.Duration) time.Duration { return (d + time.Second - 1).Truncate(time.Second) }
