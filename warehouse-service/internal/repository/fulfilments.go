package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/proto/events"
	"marketplace/shared/failpoint"
	"marketplace/shared/idempotency"
	"marketplace/shared/inbox"
	"marketplace/shared/outbox"
	"marketplace/shared/postgres"
	"marketplace/warehouse-service/internal/domain"
)

// consumer is the name under which message ids are recorded in the inbox.
const consumer = events.WarehouseQueue

// Fulfilments reads and writes what the warehouse does about orders.
type Fulfilments struct {
	pool      *pgxpool.Pool
	committed func([]outbox.Record)
}

// NewFulfilments returns the repository. committed takes the outbox records of each transaction after it has committed: the
// publisher's Committed.
func NewFulfilments(pool *pgxpool.Pool, committed func([]outbox.Record)) *Fulfilments {
	return &Fulfilments{pool: pool, committed: committed}
}

// Decide says what an input does: domain.Decide.
type Decide = func(f domain.Fulfilment, in domain.Input, stock domain.Stock) (domain.Fulfilment, domain.Outcome, error)

// Update takes a set of changes to any orders and saves what they do, in the order in which they came. A message whose id is
// in the inbox has had its effect and is left out. If one change is refused, nothing is saved. It returns the messages
// that follow, for whoever counts them.
func (r *Fulfilments) Update(ctx context.Context, changes []domain.Change, decide Decide) ([]domain.Message, error) {
	w := newWork(changes, decide)
	var fresh map[string]bool
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			inbox.Accept(b, consumer, inbox.IDs(changes, messageID), &fresh)
			w.load(b, true)
		},
		func(b *pgx.Batch) error {
			if err := w.fold(inbox.Unseen(changes, fresh, messageID)); err != nil {
				return err
			}
			return w.save(b)
		})
	return w.messages, r.finish(w, err)
}

// Command is Update for a change of one shipment that somebody waits for: it also makes the reply, from the shipment as the
// change leaves it, and stores it with the effect.
func (r *Fulfilments) Command(
	ctx context.Context, c domain.Change, number int, decide Decide, answer idempotency.Answer[domain.ShipmentRow],
) ([]domain.Message, idempotency.Reply, error) {
	w := newWork([]domain.Change{c}, decide)
	var reply idempotency.Reply
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			answer.Claim(b)
			w.load(b, false)
		},
		func(b *pgx.Batch) (err error) {
			if err := w.fold([]domain.Change{c}); err != nil {
				return err
			}
			if reply, err = answer.Save(b, w.shipments[shipmentKey{c.OrderID, number}]); err != nil {
				return err
			}
			return w.save(b)
		})
	return w.messages, reply, r.finish(w, err)
}

// finish hands the messages of a committed transaction to the publisher.
func (r *Fulfilments) finish(w *work, err error) error {
	if err != nil {
		return err
	}
	failpoint.Point("warehouse.after_commit")
	r.committed(w.records)
	return nil
}

// Once runs effect unless the key has a reply already: see idempotency.Do.
func (r *Fulfilments) Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error) {
	return idempotency.Do(ctx, r.pool, key, effect)
}

// overdueTimeout is for a count that nobody waits for, should the server no longer answer.
const overdueTimeout = 10 * time.Second

// Overdue counts the reservations that are still open though their order's deadline has passed.
func (r *Fulfilments) Overdue(ctx context.Context) (n int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, overdueTimeout)
	defer cancel()
	err = r.pool.QueryRow(ctx, `select count(*) from fulfilments where status = 'reserved' and deadline_at < now()`).Scan(&n)
	return n, postgres.Translate(err)
}
