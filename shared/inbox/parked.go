package inbox

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/shared/postgres"
)

// Parked is a consumer's messages that were put aside, for the people who decide about them.
type Parked struct {
	Pool     *pgxpool.Pool
	Consumer string // the queue's name
}

// Message is one of them.
type Message struct {
	ID          string            `json:"id"`
	Type        string            `json:"type"`
	Source      string            `json:"source"`
	Subject     string            `json:"subject"`
	Status      string            `json:"status"` // waiting, dead, done or dropped
	Attempts    int               `json:"attempts"`
	Reason      string            `json:"reason"`
	NextAt      time.Time         `json:"next_at"`
	ParkedAt    time.Time         `json:"parked_at"`
	TryingUntil *time.Time        `json:"trying_until,omitempty"` // when the try that runs is over at the latest
	OccurredAt  *time.Time        `json:"occurred_at,omitempty"`
	Headers     map[string]string `json:"headers"`
	Body        []byte            `json:"-"`
}

const (
	messageColumns = `
		select message_id::text as id, type, source, subject, status, attempts, reason, next_at, parked_at, trying_until, occurred_at, headers, body
		from parked where consumer = $1 `
	// In two parts, each of which has its index: what is done is much more.
	listParked = messageColumns + `and status = 'waiting' union all ` + messageColumns + `and status = 'dead' order by parked_at, id limit 1000`
)

// List returns what waits or is dead, the oldest first, at most 1000.
func (p Parked) List(ctx context.Context) ([]Message, error) { return p.read(ctx, listParked) }

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
