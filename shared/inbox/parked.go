package inbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/shared/fault"
	"marketplace/shared/postgres"
)

// ErrNotParked means that no message of that id waits for a decision.
var ErrNotParked = fault.New(fault.NotFound, "message_not_parked", "No message of that id waits or is dead.")

// Parked is a consumer's messages that were put aside, for the people who decide about them.
type Parked struct {
	Pool     *pgxpool.Pool
	Consumer string // the queue's name
}

// Message is one of them.
type Message struct {
	ID         string            `json:"id"`
	Type       string            `json:"type"`
	Source     string            `json:"source"`
	Subject    string            `json:"subject"`
	Status     string            `json:"status"` // waiting, dead, done or dropped
	Attempts   int               `json:"attempts"`
	Reason     string            `json:"reason"`
	NextAt     time.Time         `json:"next_at"`
	ParkedAt   time.Time         `json:"parked_at"`
	OccurredAt *time.Time        `json:"occurred_at,omitempty"`
	Headers    map[string]string `json:"headers"`
	Body       []byte            `json:"body"` // base64 in JSON
}

const messageColumns = `
select message_id::text as id, type, source, subject, status, attempts, reason, next_at, parked_at, occurred_at, headers, body
from parked where consumer = $1 `

// List returns what waits or is dead, the oldest first, at most 1000.
func (p Parked) List(ctx context.Context) ([]Message, error) {
	return p.read(ctx, messageColumns+`and status in ('waiting', 'dead') order by parked_at, message_id limit 1000`)
}

// Show returns one message, settled ones included.
func (p Parked) Show(ctx context.Context, id string) (Message, error) {
	found, err := p.read(ctx, messageColumns+`and message_id = $2`, id)
	switch {
	case err != nil:
		return Message{}, err
	case len(found) == 0:
		return Message{}, ErrNotParked
	}
	return found[0], nil
}

// Replay gives a message all its tries again, beginning within a second.
func (p Parked) Replay(ctx context.Context, id string) error {
	return p.decide(ctx, `
		update parked set status = 'waiting', attempts = 0, next_at = now()
		where consumer = $1 and message_id = $2 and status in ('waiting', 'dead')`, id)
}

// Edit replaces a message's body. The message is dead until Replay, so that nothing is done with it half way.
func (p Parked) Edit(ctx context.Context, id string, body []byte) error {
	return p.decide(ctx, `
		update parked set body = $3, status = 'dead'
		where consumer = $1 and message_id = $2 and status in ('waiting', 'dead')`, id, body)
}

// Drop gives a message up for good; the reason is kept with it.
func (p Parked) Drop(ctx context.Context, id, reason string) error {
	return p.decide(ctx, `
		update parked set status = 'dropped', reason = $3
		where consumer = $1 and message_id = $2 and status in ('waiting', 'dead')`, id, reason)
}

func (p Parked) read(ctx context.Context, query string, more ...any) ([]Message, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := p.Pool.Query(ctx, query, append([]any{p.Consumer}, more...)...)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Message])
	return found, postgres.Translate(err)
}

func (p Parked) decide(ctx context.Context, statement, id string, more ...any) error {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	tag, err := p.Pool.Exec(ctx, statement, append([]any{p.Consumer, id}, more...)...)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotParked
	}
	return postgres.Translate(err)
}
