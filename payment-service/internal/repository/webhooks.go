package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/postgres"
)

// record keeps webhooks, each once, and returns those that are new.
const record = `
insert into webhooks (event_id, type, payment_id, intent_id, refund_id, occurred_at)
select event_id, type, nullif(payment_id, '')::uuid, intent_id, nullif(refund_id, '')::uuid, occurred_at
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
	as n (event_id, type, payment_id, intent_id, refund_id, occurred_at)
order by event_id
on conflict do nothing
returning event_id`

const (
	lockHinted = `select ` + lockedColumns + ` from payments where id = any ($1) order by payments.order_id for no key update`

	selectHintedRefunds = `
select ` + prefixedRefundColumns + `, r.calls, p.order_id::text
from refunds r join payments p on p.id = r.payment_id
where p.id = any ($1) order by r.id`
)

// Heed records webhooks, each once, and folds those that are new into the payments that they are about, as Update does.
func (r *Payments) Heed(ctx context.Context, hints []domain.Hint, decide Decide) (domain.Saved, error) {
	w := newWork(decide, r.lease())
	fresh := map[string]bool{}
	payments, refunded := paymentIDs(hints)
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			recordHints(b, hints, fresh)
			if len(payments) > 0 {
				w.lock(b, lockHinted, payments)
			}
			if len(refunded) > 0 {
				w.refunds(b, selectHintedRefunds, refunded)
			}
		},
		func(b *pgx.Batch) error {
			orders := w.ordersByPayment()
			for _, h := range hints {
				orderID, ours := orders[h.PaymentID]
				if !ours || !fresh[h.EventID] {
					continue
				}
				fresh[h.EventID] = false // it may stand in the set twice
				if err := w.fold([]domain.Change{{OrderID: orderID, Input: h}}); err != nil {
					return err
				}
			}
			w.save(b)
			return nil
		})
	return r.finish(w, err)
}

func recordHints(b *pgx.Batch, hints []domain.Hint, fresh map[string]bool) {
	n := len(hints)
	ids, types, payments, intents, refunds := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	times := make([]time.Time, n)
	for i, h := range hints {
		ids[i], types[i], payments[i], intents[i], refunds[i], times[i] = h.EventID, h.Type, h.PaymentID, h.IntentID, h.RefundID, h.OccurredAt
	}
	b.Queue(record, ids, types, payments, intents, refunds, times).Query(func(rows pgx.Rows) error {
		recorded, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, id := range recorded {
			fresh[id] = true
		}
		return err
	})
}

// paymentIDs are the payments that the hints are about, and those of them about whose refunds something is told.
func paymentIDs(hints []domain.Hint) (all, refunded []string) {
	for _, h := range hints {
		if h.PaymentID == "" {
			continue
		}
		all = append(all, h.PaymentID)
		if h.RefundID != "" {
			refunded = append(refunded, h.PaymentID)
		}
	}
	return all, refunded
}

func (w *work) ordersByPayment() map[string]string {
	orders := make(map[string]string, len(w.rows))
	for orderID, r := range w.rows {
		orders[r.payment.ID] = orderID
	}
	return orders
}

// lookUp makes refunds due that the processor has told of.
const lookUp = `update refunds set next_at = now(), calls = 0 where id = any ($1) and status = 'pending'`

func (w *work) lookUpRefunds(b *pgx.Batch) {
	if len(w.lookUp) > 0 {
		b.Queue(lookUp, w.lookUp)
		w.saved.RefundsDue = true
	}
}

// Stripe repeats a webhook for three days at most.
const (
	webhooksKept = 7 * 24 * time.Hour
	chunkTimeout = 15 * time.Second // should the server no longer answer
)

// forgetSome begins at $2, where the chunk before ended: under a long snapshot, what that deleted is still in the index, and each chunk would
// walk over all chunks before it.
const forgetSome = `
with gone as (delete from webhooks where event_id in (
	select event_id from webhooks where received_at < now() - $1::interval and received_at >= $2
	order by received_at limit 1000 for update skip locked)
returning received_at)
select max(received_at) from gone`

// Forget deletes old webhooks, now and then, until ctx ends.
func Forget(ctx context.Context, pool *pgxpool.Pool, log zerolog.Logger) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := forget(ctx, pool); err != nil && ctx.Err() == nil {
			log.Warn().Err(err).Msg("old webhooks stay for now")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func forget(ctx context.Context, pool *pgxpool.Pool) error {
	for after := (time.Time{}); ; {
		last, err := forgetChunk(ctx, pool, after)
		if err != nil || last == nil {
			return err
		}
		after = *last
	}
}

// forgetChunk returns when the last webhook that it deleted came, nil if there was none.
func forgetChunk(ctx context.Context, pool *pgxpool.Pool, after time.Time) (last *time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, chunkTimeout)
	defer cancel()
	err = pool.QueryRow(ctx, forgetSome, webhooksKept, after).Scan(&last)
	return last, err
}
