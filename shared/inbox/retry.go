package inbox

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/failpoint"
	"marketplace/shared/postgres"
	"marketplace/shared/rabbit"
)

const (
	retryEvery   = time.Second
	tryTimeout   = 30 * time.Second
	queryTimeout = 5 * time.Second
	// tryIsOver is when nothing of a try can follow any more, counted from its claim: the claim's answer, the try, and its commit,
	// which shared/postgres gives 10 seconds of its own.
	tryIsOver    = queryTimeout + tryTimeout + 10*time.Second
	chunkTimeout = 15 * time.Second // of what is deleted
)

// claim counts the next try of the message that has waited longest, and commits that before the try. trying_until keeps people away
// until the try must be over, whatever becomes of it, and next_at other replicas: for a second more, so that somebody who waits
// for the end of a try that never ends (Parked) comes before the next one. $3 is where the look begins.
const claim = `
with due as (
  select consumer, message_id, next_at from parked
  where consumer = $1 and status = 'waiting' and next_at <= now() and next_at >= $3
  order by next_at limit 1
  for no key update skip locked
)
update parked set attempts = attempts + 1, trying_until = now() + $2::interval, next_at = now() + $2::interval + interval '1 second'
from due where parked.consumer = due.consumer and parked.message_id = due.message_id
returning parked.message_id::text as id, type, source, subject, body, headers, occurred_at, attempts, reason, trying_until, due.next_at as due_at`

type parkedMessage struct {
	ID, Type, Source, Subject string
	Body                      []byte
	Headers                   map[string]string
	OccurredAt                *time.Time
	Attempts                  int
	Reason                    string
	TryingUntil, DueAt        time.Time
}

// Run tries parked messages that are due, one at a time, and keeps house beside that, until ctx ends.
func (c *Consumer) Run(ctx context.Context) error {
	var house sync.WaitGroup
	house.Go(func() { c.keepHouse(ctx) })
	defer house.Wait()
	retry := time.NewTicker(retryEvery)
	defer retry.Stop()
	for {
		c.attempt(ctx, "parked messages not tried", c.retryDue)
		select {
		case <-ctx.Done():
			return nil
		case <-c.wake:
		case <-retry.C:
		}
	}
}

// attempt does what can wait: what fails now is done at the next turn.
func (c *Consumer) attempt(ctx context.Context, failure string, f func(context.Context) error) {
	if err := f(ctx); err != nil && ctx.Err() == nil {
		c.log.Warn().Err(err).Msg(failure + "; trying again later")
	}
}

// retryDue tries what is due, each look beginning where the one before ended. Only a full look is sure to meet messages that
// another replica held or committed late.
func (c *Consumer) retryDue(ctx context.Context) (failure error) {
	defer func() {
		if failure != nil {
			c.looks.Failed()
		}
	}()
	began, from := time.Now(), c.looks.From()
	for ctx.Err() == nil {
		p, err := c.claim(ctx, from)
		if err == nil || errors.Is(err, pgx.ErrNoRows) {
			c.looks.Looked(from, time.Since(began)) // the claims after this one begin where it found something
		}
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		from = p.DueAt
		failpoint.Point("inbox.after_attempt")
		if err := c.try(context.WithoutCancel(ctx), p); err != nil {
			return err
		}
	}
	return nil
}

func (c *Consumer) claim(ctx context.Context, from time.Time) (parkedMessage, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := c.o.Pool.Query(ctx, claim, c.o.Queue, tryIsOver, from)
	if err != nil {
		return parkedMessage{}, err
	}
	return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[parkedMessage])
}

// try makes the counted try and records its end. A process that dies in it leaves the message waiting, one try poorer.
func (c *Consumer) try(ctx context.Context, p parkedMessage) error {
	if p.Attempts > c.o.MaxAttempts {
		return c.settle(ctx, p, "dead", fmt.Sprintf("the process ended during try %d: %s", p.Attempts-1, p.Reason))
	}
	err := c.tryOnce(ctx, p.message())
	switch {
	case err == nil:
		c.metrics.handled.Inc()
		return c.settle(ctx, p, "done", p.Reason)
	case p.Attempts >= c.o.MaxAttempts:
		c.log.Error().Err(err).Str("message_id", p.ID).Str("type", p.Type).Int("attempts", p.Attempts).
			Msg("message given up; replay, edit or drop it")
		return c.settle(ctx, p, "dead", err.Error())
	}
	c.log.Warn().Err(err).Str("message_id", p.ID).Str("type", p.Type).Int("attempts", p.Attempts).Msg("parked message failed again")
	return c.settle(ctx, p, "waiting", err.Error())
}

func (c *Consumer) tryOnce(ctx context.Context, m rabbit.Message) error {
	if !c.o.Known(m.Type) {
		return errUnknownType
	}
	return c.handleAlone(ctx, m)
}

// settle records how a try ended. A try that took longer than it may settles nothing: trying_until is no longer its own.
func (c *Consumer) settle(ctx context.Context, p parkedMessage, status, reason string) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	_, err := c.o.Pool.Exec(ctx, `
		update parked set status = $4, reason = $5, next_at = now() + $6::interval, trying_until = null
		where consumer = $1 and message_id = $2 and trying_until = $3`,
		c.o.Queue, p.ID, p.TryingUntil, status, storable(reason), c.o.Backoff(p.Attempts))
	return postgres.Translate(err)
}

func (p parkedMessage) message() rabbit.Message {
	m := rabbit.Message{
		ID: p.ID, Type: p.Type, Source: p.Source, Subject: p.Subject,
		Headers: p.Headers, Body: p.Body, Redelivered: true,
	}
	if p.OccurredAt != nil {
		m.Time = *p.OccurredAt
	}
	return m
}
