package repository

import (
	"context"

	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/idempotency"
	"marketplace/shared/postgres"
)

const (
	lockPayment = `select ` + lockedColumns + ` from payments where id = $1 for no key update`

	selectPaymentsRefunds = `
select ` + prefixedRefundColumns + `, r.calls, p.order_id::text
from refunds r join payments p on p.id = r.payment_id
where p.id = $1 order by r.id`
)

// Answer makes the reply to a command, from the payment as the command leaves it.
type Answer = idempotency.Answer[domain.Payment]

// Command is Update for one input that somebody waits for: it also makes the reply and stores it with the effect. reason is
// kept with the refunds that follow. Without a payment of this id it returns domain.ErrNotFound.
func (r *Payments) Command(
	ctx context.Context, paymentID, trace, reason string, decide Decide, answer Answer,
) (domain.Saved, idempotency.Reply, error) {
	w := newWork(decide, r.lease)
	w.reason = reason
	var reply idempotency.Reply
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			answer.Claim(b)
			w.lock(b, lockPayment, paymentID)
			w.refunds(b, selectPaymentsRefunds, paymentID)
		},
		func(b *pgx.Batch) (err error) {
			if len(w.rows) == 0 {
				return domain.ErrNotFound
			}
			for orderID, row := range w.rows { // there is one
				if err := w.fold([]domain.Change{{OrderID: orderID, Trace: trace}}); err != nil {
					return err
				}
				if reply, err = answer.Save(b, row.payment); err != nil {
					return err
				}
			}
			w.save(b)
			return nil
		})
	saved, err := r.finish(w, err)
	return saved, reply, err
}
