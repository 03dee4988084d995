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

	// lockSpender makes a person's requests take turns, so that two at once cannot both be the last that the day allows.
	lockSpender = `select pg_advisory_xact_lock(hashtextextended(current_schema() || 'refunds of ' || $1, 0))`

	selectSpent = `
select coalesce(sum(amount), 0) from refunds
where asked_by = $1 and created_at > now() - interval '24 hours' and currency = $2 and confirmed_by is null
	and status in ('pending', 'done', 'needs_attention')`
)

// Answer makes the reply to a command, from the payment as the command leaves it.
type Answer = idempotency.Answer[domain.Payment]

// Command is Update for what one person does about a refund and waits for: it also makes the reply, and stores it and the act
// with the effect. Without a payment of this id it returns domain.ErrNotFound.
func (r *Payments) Command(ctx context.Context, act domain.Act, decide Decide, answer Answer) (domain.Saved, idempotency.Reply, error) {
	w := newWork(decide, r.lease())
	w.act = act
	var spent int64
	var reply idempotency.Reply
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			answer.Claim(b)
			if act.Currency != "" {
				b.Queue(lockSpender, act.By)
				b.Queue(selectSpent, act.By, act.Currency).QueryRow(func(row pgx.Row) error { return row.Scan(&spent) })
			}
			w.lock(b, lockPayment, act.PaymentID)
			w.refunds(b, selectPaymentsRefunds, act.PaymentID)
		},
		func(b *pgx.Batch) (err error) {
			if len(w.rows) == 0 {
				return domain.ErrNotFound
			}
			for orderID, row := range w.rows { // there is one
				if err := w.fold([]domain.Change{{OrderID: orderID, Input: act.Input(spent), Trace: act.Trace}}); err != nil {
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
