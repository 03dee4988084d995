package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

const insertEventRows = `
INSERT INTO events (id, type, intent_id, payload, created_at, next_at, copies, held)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[], $6::timestamptz[], $7::integer[], $8::boolean[])`

func insertEvents(b *pgx.Batch, events []Event) {
	if len(events) == 0 {
		return
	}
	b.Queue(insertEventRows,
		column(events, func(e Event) string { return e.ID }),
		column(events, func(e Event) string { return e.Type }),
		column(events, func(e Event) string { return e.IntentID }),
		column(events, func(e Event) []byte { return e.Payload }),
		column(events, func(e Event) time.Time { return e.CreatedAt }),
		column(events, func(e Event) time.Time { return e.NextAt }),
		column(events, func(e Event) int { return e.Copies }),
		column(events, func(e Event) bool { return e.Held }),
	)
}

// ClaimEvents takes events that are due, for as long as the lease lasts: whoever crashes with them lets others have them then.
func (s *Store) ClaimEvents(ctx context.Context, lease time.Duration, limit int) ([]Event, error) {
	const query = `
UPDATE events SET next_at = now() + make_interval(secs => $1)
WHERE id IN (SELECT id FROM events WHERE closed_at IS NULL AND next_at <= now() ORDER BY next_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING id, type, intent_id, payload, created_at, next_at, copies, held, attempts`
	return rowsOf[Event](s.pool.Query(ctx, query, lease.Seconds(), limit))
}

// Delivery is what became of sending an event.
type Delivery struct {
	Event   Event
	Failure string        // empty when it was taken
	Retry   time.Duration // when to try again; zero gives up
}

// RecordDeliveries closes what was delivered or given up and sets the rest back. A delivered event releases those that were
// held for one to overtake them.
func (s *Store) RecordDeliveries(ctx context.Context, all []Delivery) error {
	const failed = `
UPDATE events SET attempts = attempts + 1, last_failure = t.failure, next_at = now() + make_interval(secs => t.retry),
    closed_at = CASE WHEN t.retry = 0 THEN now() END
FROM unnest($1::text[], $2::text[], $3::float8[]) AS t (id, failure, retry) WHERE events.id = t.id AND closed_at IS NULL`
	const delivered = `UPDATE events SET attempts = attempts + 1, closed_at = now() WHERE id = ANY ($1) AND closed_at IS NULL`
	const release = `
UPDATE events SET held = false, next_at = now()
WHERE held AND closed_at IS NULL AND intent_id = ANY ($1) AND id <> ALL ($2)`
	var good, bad []Delivery
	for _, d := range all {
		if d.Failure == "" {
			good = append(good, d)
		} else {
			bad = append(bad, d)
		}
	}
	b := &pgx.Batch{}
	if len(bad) > 0 {
		b.Queue(failed, column(bad, func(d Delivery) string { return d.Event.ID }),
			column(bad, func(d Delivery) string { return d.Failure }),
			column(bad, func(d Delivery) float64 { return d.Retry.Seconds() }))
	}
	if len(good) > 0 {
		ids := column(good, func(d Delivery) string { return d.Event.ID })
		b.Queue(delivered, ids)
		b.Queue(release, column(good, func(d Delivery) string { return d.Event.IntentID }), ids)
	}
	return s.pool.SendBatch(ctx, b).Close()
}

// Clean forgets expired keys and events that were closed a week ago, a bounded number at a time.
func (s *Store) Clean(ctx context.Context) error {
	const chunk = 2000
	b := &pgx.Batch{}
	b.Queue(`DELETE FROM idempotency_keys WHERE key IN (
    SELECT key FROM idempotency_keys WHERE created_at < now() - make_interval(secs => $1) LIMIT $2)`, s.retention.Seconds(), chunk)
	b.Queue(`DELETE FROM events WHERE id IN (
    SELECT id FROM events WHERE closed_at < now() - interval '7 days' LIMIT $1)`, chunk)
	return s.pool.SendBatch(ctx, b).Close()
}
