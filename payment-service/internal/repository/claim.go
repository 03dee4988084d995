package repository

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/postgres"
)

const lockDue = `
select ` + lockedColumns + `
from payments where next_at <= now() and next_at >= $2
order by next_at limit $1
for no key update skip locked`

var errNoneDue = errors.New("no payment is due")

// Claim takes up to limit payments that are due, those first that are due longest, for as long as the lease. Payments that
// somebody else holds are skipped, so any number of replicas may call it at once. An attempt is marked for those that had none.
// What is due and needs no question is put away: more may be due than the tasks that come back.
func (r *Payments) Claim(ctx context.Context, limit int, decide Decide) ([]domain.Task, error) {
	w, began, from := newWork(decide, r.lease()), time.Now(), r.dueLooks.From()
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) { w.lock(b, lockDue, limit, from) },
		func(b *pgx.Batch) error {
			if len(w.rows) < limit {
				r.dueLooks.Looked(from, time.Since(began))
			}
			if len(w.rows) == 0 {
				return errNoneDue
			}
			now := time.Now()
			for id, row := range w.rows {
				w.order = append(w.order, id)
				if err := w.claim(row, now); err != nil {
					return err
				}
			}
			w.save(b)
			return nil
		})
	if errors.Is(err, errNoneDue) {
		return nil, nil
	}
	if err != nil {
		r.dueLooks.Failed()
	}
	saved, err := r.finish(w, err)
	return saved.Marked, err
}

const claimRefunds = `
with due as (
	select id from refunds where next_at <= now() and next_at >= $3 order by next_at limit $1 for no key update skip locked
)
update refunds r set calls = r.calls + 1, next_at = now() + $2::interval, called_at = coalesce(r.called_at, now())
from due, payments p
where r.id = due.id and p.id = r.payment_id
returning ` + prefixedRefundColumns + `, r.calls, coalesce(extract(epoch from now() - r.called_at), 0)::float8,
	p.id::text, p.order_id::text, coalesce(p.intent_id, ''), p.amount, p.currency, coalesce(p.charge_amount, 0),
	coalesce(p.charge_currency, ''), coalesce(nullif(r.trace, ''), p.trace)`

// ClaimRefunds takes up to limit refunds that are due, for as long as the lease.
func (r *Payments) ClaimRefunds(ctx context.Context, limit int) ([]domain.RefundTask, error) {
	now, lease, from := time.Now(), r.lease(), r.refundLooks.From()
	rows, err := r.pool.Query(ctx, claimRefunds, limit, lease, from)
	if err != nil {
		r.refundLooks.Failed()
		return nil, postgres.Translate(err)
	}
	tasks, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t domain.RefundTask, err error) {
		var age float64
		t.Refund, err = scanRefund(row, &t.Calls, &age, &t.Payment.ID, &t.Payment.OrderID, &t.Payment.IntentID,
			&t.Payment.Amount.Amount, &t.Payment.Amount.Currency, &t.Payment.Asked.Amount, &t.Payment.Asked.Currency, &t.Trace)
		t.Age, t.Until = seconds(age), now.Add(lease)
		return t, err
	})
	switch {
	case err != nil:
		r.refundLooks.Failed()
	case len(tasks) < limit:
		r.refundLooks.Looked(from, time.Since(now))
	}
	return tasks, postgres.Translate(err)
}
