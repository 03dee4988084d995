package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/sandbox/processor"
)

// The columns come in the fields' names; a time that is not known is Go's zero time.
const (
	selectIntents = `SELECT id, client_secret, amount, currency, status, method, customer, description, return_url, off_session,
    metadata, last_error, cancel_reason, coalesce(canceled_at, '0001-01-01 00:00:00Z') AS canceled_at, created_at,
    coalesce(settle_at, '0001-01-01 00:00:00Z') AS settle_at FROM intents`
	selectCharges = `SELECT id, intent_id, amount, refunded, currency, paid, method, brand, last4, failure, created_at,
    dispute_id, dispute_status, coalesce(disputed_at, '0001-01-01 00:00:00Z') AS disputed_at FROM charges`
	selectRefunds = `SELECT id, intent_id, charge_id, amount, currency, status, reason, failure_reason, metadata, created_at,
    coalesce(settle_at, '0001-01-01 00:00:00Z') AS settle_at FROM refunds`
)

// Intent finds a payment intent with its latest charge.
func (s *Store) Intent(ctx context.Context, id string) (processor.Intent, error) {
	found, err := s.intents(ctx, selectIntents+` WHERE id = $1`, id)
	if err != nil {
		return processor.Intent{}, err
	}
	if len(found) == 0 {
		return processor.Intent{}, ErrNotFound
	}
	return found[0], nil
}

// Filter selects intents, newest first. Its zero fields select everything.
type Filter struct {
	From, To      time.Time // created at or after, and at or before
	Customer      string
	StartingAfter string
	Limit         int
}

// Intents lists payment intents. It sees everything that was committed.
func (s *Store) Intents(ctx context.Context, f Filter) ([]processor.Intent, error) {
	const where = ` WHERE ($1::timestamptz IS NULL OR created_at >= $1) AND ($2::timestamptz IS NULL OR created_at <= $2)
    AND ($3 = '' OR customer = $3)
    AND ($4 = '' OR (created_at, id) < (SELECT created_at, id FROM intents WHERE id = $4))
ORDER BY created_at DESC, id DESC LIMIT $5`
	return s.intents(ctx, selectIntents+where, orNull(f.From), orNull(f.To), f.Customer, f.StartingAfter, f.Limit)
}

// Search finds intents by one of their metadata, newest first, among those created before a moment: a search index lags.
func (s *Store) Search(ctx context.Context, name, value string, before time.Time, limit int) ([]processor.Intent, error) {
	if name == "payment_id" { // has an index
		return s.intents(ctx, selectIntents+` WHERE payment_id = $1 AND created_at < $2 ORDER BY created_at DESC, id DESC LIMIT $3`,
			value, before, limit)
	}
	return s.intents(ctx, selectIntents+` WHERE metadata ->> $1 = $2 AND created_at < $3 ORDER BY created_at DESC, id DESC LIMIT $4`,
		name, value, before, limit)
}

// DueIntents are those that wait for their card's late answer and have waited long enough.
func (s *Store) DueIntents(ctx context.Context, now time.Time, limit int) ([]processor.Intent, error) {
	return s.intents(ctx, selectIntents+` WHERE settle_at <= $1 ORDER BY settle_at LIMIT $2`, now, limit)
}

// Refund finds a refund.
func (s *Store) Refund(ctx context.Context, id string) (processor.Refund, error) {
	found, err := rowsOf[processor.Refund](s.pool.Query(ctx, selectRefunds+` WHERE id = $1`, id))
	if err != nil {
		return processor.Refund{}, err
	}
	if len(found) == 0 {
		return processor.Refund{}, ErrNotFound
	}
	return found[0], nil
}

// Refunds lists the refunds of an intent, or of all when it is empty, newest first.
func (s *Store) Refunds(ctx context.Context, intentID, startingAfter string, limit int) ([]processor.Refund, error) {
	const where = ` WHERE ($1 = '' OR intent_id = $1)
    AND ($2 = '' OR (created_at, id) < (SELECT created_at, id FROM refunds WHERE id = $2))
ORDER BY created_at DESC, id DESC LIMIT $3`
	return rowsOf[processor.Refund](s.pool.Query(ctx, selectRefunds+where, intentID, startingAfter, limit))
}

// DueRefunds are those whose later answer is due.
func (s *Store) DueRefunds(ctx context.Context, now time.Time, limit int) ([]processor.Refund, error) {
	return rowsOf[processor.Refund](s.pool.Query(ctx, selectRefunds+` WHERE settle_at <= $1 ORDER BY settle_at LIMIT $2`, now, limit))
}

func (s *Store) intents(ctx context.Context, query string, args ...any) ([]processor.Intent, error) {
	found, err := rowsOf[processor.Intent](s.pool.Query(ctx, query, args...))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	ids := column(found, func(i processor.Intent) string { return i.ID })
	const latest = ` WHERE id IN (SELECT charge_id FROM intents WHERE id = ANY ($1))`
	charges, err := rowsOf[processor.Charge](s.pool.Query(ctx, selectCharges+latest, ids))
	attach(found, charges)
	return found, err
}

func attach(intents []processor.Intent, charges []processor.Charge) {
	byIntent := map[string]*processor.Charge{}
	for i := range charges {
		byIntent[charges[i].IntentID] = &charges[i]
	}
	for i := range intents {
		intents[i].Charge = byIntent[intents[i].ID]
	}
}

func rowsOf[T any](rows pgx.Rows, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByNameLax[T])
}

func collect[T any](q *pgx.QueuedQuery, into *[]T) {
	q.Query(func(rows pgx.Rows) (err error) {
		*into, err = rowsOf[T](rows, nil)
		return err
	})
}

func notFound(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNotFound
	}
	return err
}
