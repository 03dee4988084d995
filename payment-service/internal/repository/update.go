package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/failpoint"
	"marketplace/shared/inbox"
	"marketplace/shared/postgres"
)

const (
	lockPayments = `select ` + lockedColumns + ` from payments where order_id = any ($1) order by payments.order_id for no key update`

	selectRefunds = `
select ` + prefixedRefundColumns + `, r.calls, p.order_id::text
from refunds r join payments p on p.id = r.payment_id
where p.order_id = any ($1) order by r.id`

	prefixedRefundColumns = `r.id::text, r.cause, r.amount, r.currency, r.status, r.provider_refund_id, r.failure_code, r.failure_message,
	coalesce(r.asked_by::text, ''), coalesce(r.confirmed_by::text, '')`
)

// tries is how often a set is tried that another replica was faster to make a payment of.
const tries = 3

// Update takes a set of changes to any payments, as a batch of messages or of answers brings them. It locks the payments,
// lets decide fold the changes of each in the order in which they came, and saves what happened; a payment that nothing
// was known of is made. A message whose id is in the inbox has had its effect and is left out. If one change is refused
// nothing is saved.
//
// Up to attempts of the payments that are to be charged are marked at once, in the same transaction: the caller has to call
// for those.
func (r *Payments) Update(ctx context.Context, changes []domain.Change, decide Decide, attempts int) (domain.Saved, error) {
	for try := 1; ; try++ {
		saved, err := r.update(ctx, changes, decide, attempts)
		if try == tries || !postgres.Violates(err, "payments_order_id_key") {
			return saved, err
		}
	}
}

func (r *Payments) update(ctx context.Context, changes []domain.Change, decide Decide, attempts int) (domain.Saved, error) {
	w := newWork(decide, r.lease())
	var fresh map[string]bool
	orders := orderIDs(changes)
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			inbox.Accept(b, consumer, inbox.IDs(changes, messageID), &fresh)
			w.lock(b, lockPayments, orders)
			w.refunds(b, selectRefunds, orders)
		},
		func(b *pgx.Batch) error {
			if err := w.fold(inbox.Unseen(changes, fresh, messageID)); err != nil {
				return err
			}
			if err := w.mark(attempts); err != nil {
				return err
			}
			w.save(b)
			failpoint.Point("payment.before_result")
			return nil
		})
	return r.finish(w, err)
}

// mark claims payments that are to be charged.
func (w *work) mark(attempts int) error {
	now := time.Now()
	for _, id := range w.order {
		if len(w.saved.Marked) == attempts {
			return nil
		}
		if r := w.rows[id]; r.payment.State == domain.Processing && r.changed() {
			if err := w.claim(r, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish hands the messages of a committed transaction to the publisher.
func (r *Payments) finish(w *work, err error) (domain.Saved, error) {
	if err != nil {
		return domain.Saved{}, err
	}
	r.committed(w.records)
	return w.saved, nil
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
