package repository

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/failpoint"
	"marketplace/shared/idempotency"
	"marketplace/shared/inbox"
	"marketplace/shared/outbox"
	"marketplace/shared/postgres"
)

const lockOrders = `select ` + orderColumns + ` from orders where id = any ($1) order by orders.id for no key update`

// Update takes a set of changes to any orders, as a batch of messages brings them. It locks the orders in the order of their
// ids, lets decide fold the changes of each in the order in which they came, and saves what happened. A message whose id is
// in the inbox has had its effect and is left out. If one change is refused nothing is saved.
func (r *Orders) Update(ctx context.Context, changes []domain.Change, decide Decide) ([]domain.Outcome, error) {
	w := newWork(decide)
	var fresh map[string]bool
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			inbox.Accept(b, consumer, inbox.IDs(changes, messageID), &fresh)
			w.lock(b, lockOrders, orderIDs(changes))
		},
		func(b *pgx.Batch) error {
			if err := w.fold(inbox.Unseen(changes, fresh, messageID)); err != nil {
				return err
			}
			return w.save(b)
		})
	return r.finish(w, err)
}

// Command is Update for one change that somebody waits for: it also makes the reply and stores it with the effect.
func (r *Orders) Command(ctx context.Context, c domain.Change, decide Decide, answer Answer) (domain.Outcome, idempotency.Reply, error) {
	w := newWork(decide)
	lines := map[string][]domain.Line{}
	var reply idempotency.Reply
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			answer.Claim(b)
			w.lock(b, lockOrders, []string{c.OrderID})
			queueItems(b, []string{c.OrderID}, lines)
		},
		func(b *pgx.Batch) (err error) {
			if err := w.fold([]domain.Change{c}); err != nil {
				return err
			}
			if reply, err = answer.Save(b, withLines(w.orders[c.OrderID], lines[c.OrderID])); err != nil {
				return err
			}
			return w.save(b)
		})
	outcomes, err := r.finish(w, err)
	if err != nil {
		return domain.Outcome{}, idempotency.Reply{}, err
	}
	return outcomes[0], reply, nil
}

// finish hands the messages of a committed transaction to the publisher.
func (r *Orders) finish(w *work, err error) ([]domain.Outcome, error) {
	if err != nil {
		return nil, err
	}
	failpoint.Point("order.after_commit")
	r.committed(w.records)
	return w.outcomes(), nil
}

// work is what one transaction does to a set of orders.
type work struct {
	decide  Decide
	orders  map[string]domain.Order // as locked, then as decided
	now     time.Time               // the database's, once all locks are held
	touched []string                // in the order of the first change
	events  map[string][]domain.Event
	rows    []eventRow
	records []outbox.Record
}

func newWork(decide Decide) *work {
	return &work{decide: decide, orders: map[string]domain.Order{}, events: map[string][]domain.Event{}}
}

// lock queues a query that locks rows of orders.
func (w *work) lock(b *pgx.Batch, query string, args ...any) {
	b.Queue(query, args...).Query(func(rows pgx.Rows) error {
		orders, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Order, error) { return scanOrder(row) })
		for _, o := range orders {
			w.orders[o.ID] = o
		}
		return err
	})
	postgres.Clock(b, &w.now)
}

// fold runs the changes through the domain, one after the other.
func (w *work) fold(changes []domain.Change) error {
	for _, c := range changes {
		before := w.orders[c.OrderID]
		after, events, err := w.decide(before, c, w.now)
		if err != nil {
			return fmt.Errorf("order %s: %T from %s: %w", c.OrderID, c.Input, c.Source, err)
		}
		if err := w.record(c, before.Version, after, events); err != nil {
			return err
		}
	}
	return nil
}

// record notes what a change did.
func (w *work) record(c domain.Change, version int, after domain.Order, events []domain.Event) error {
	if _, known := w.events[after.ID]; !known {
		w.touched = append(w.touched, after.ID)
	}
	w.orders[after.ID] = after
	w.events[after.ID] = append(w.events[after.ID], events...)
	rows, err := eventRows(c, after.ID, version, events, w.now)
	if err != nil {
		return err
	}
	messages, err := records(after, events, c.Trace)
	if err != nil {
		return err
	}
	w.rows, w.records = append(w.rows, rows...), append(w.records, messages...)
	return nil
}

// save queues one statement per table.
func (w *work) save(b *pgx.Batch) error {
	var changed []domain.Order
	for _, id := range w.touched {
		if len(w.events[id]) > 0 {
			changed = append(changed, w.orders[id])
		}
	}
	w.insertDeclines(b)
	if err := updateOrders(b, changed); err != nil {
		return err
	}
	insertEvents(b, w.rows)
	outbox.Append(b, w.records)
	failpoint.Point("order.before_commit")
	return nil
}

func (w *work) outcomes() []domain.Outcome {
	out := make([]domain.Outcome, len(w.touched))
	for i, id := range w.touched {
		out[i] = domain.Outcome{Order: w.orders[id], Events: w.events[id]}
	}
	return out
}

func orderIDs(changes []domain.Change) []string {
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = c.OrderID
	}
	return ids
}

// messageID is the message that a change came with.
func messageID(c domain.Change) string { return c.MessageID }
