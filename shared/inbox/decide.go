package inbox

import (
	"context"

	"marketplace/shared/fault"
	"marketplace/shared/postgres"
)

// ErrNotParked means that no message of that id waits for a decision.
var ErrNotParked = fault.New(fault.NotFound, "message_not_parked", "No message of that id waits or is dead.")

// Replay gives a parked message all its tries again, beginning now.
func (c *Consumer) Replay(ctx context.Context, id string) error {
	err := c.decide(ctx, `
		update parked set status = 'waiting', attempts = 0, next_at = now()
		where consumer = $1 and message_id = $2 and status in ('waiting', 'dead')`, id)
	if err == nil {
		c.wakeUp()
	}
	return err
}

// Edit replaces a parked message's body; Replay follows.
func (c *Consumer) Edit(ctx context.Context, id string, body []byte) error {
	return c.decide(ctx, `
		update parked set body = $3
		where consumer = $1 and message_id = $2 and status in ('waiting', 'dead')`, id, body)
}

// Drop gives a parked message up for good; the reason is kept with it.
func (c *Consumer) Drop(ctx context.Context, id, reason string) error {
	return c.decide(ctx, `
		update parked set status = 'dropped', reason = $3
		where consumer = $1 and message_id = $2 and status in ('waiting', 'dead')`, id, reason)
}

func (c *Consumer) decide(ctx context.Context, statement, id string, more ...any) error {
	tag, err := c.o.Pool.Exec(ctx, statement, append([]any{c.o.Queue, id}, more...)...)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotParked
	}
	return postgres.Translate(err)
}
