package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/postgres"
)

// A hint brings no facts: it names an intent and makes the processor be asked at once. The first call needs no hint while it
// is under way, a settled payment none either; a payment that failed is asked about unless the hint only says so too.
//
// Whoever asks at this moment may have read what was so before. That calls starts again tells his answer so: see reschedule.
const heed = `
with heard as (
	insert into webhooks (event_id, type, payment_id, intent_id, refund_id, occurred_at)
	select event_id, type, nullif(payment_id, '')::uuid, intent_id, nullif(refund_id, '')::uuid, occurred_at
	from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
		as n (event_id, type, payment_id, intent_id, refund_id, occurred_at)
	order by event_id
	on conflict do nothing
	returning type, payment_id, intent_id, refund_id
), locked as (
	select p.id from payments p
	where p.id in (select payment_id from heard where refund_id is null) and (
		p.state in ('requires_action', 'voiding') or (p.state = 'called' and (p.uncertain or p.intent_id is not null))
		or (p.state in ('failed', 'voided') and exists (select from heard h where h.payment_id = p.id
			and h.type not in ('payment_intent.payment_failed', 'payment_intent.canceled'))))
	order by p.order_id for no key update
), asked as (
	update payments p set next_at = now(), calls = 0, intent_id = coalesce(p.intent_id, h.intent_id)
	from locked l join (
		select payment_id, min(nullif(intent_id, '')) as intent_id from heard group by payment_id) h on h.payment_id = l.id
	where p.id = l.id
	returning 1
)
select count(*) from asked`

// lookUp makes refunds due that the processor has taken and not settled.
const lookUp = `
update refunds set next_at = now(), calls = 0
where id = any ($1) and status = 'pending' and provider_refund_id <> ''`

// selectBounced finds refunds that were done and, by what the processor says now, have failed at the bank after all.
const selectBounced = `select id::text from refunds where id = any ($1) and status = 'done'`

// Heed records webhooks, each once, and says whether payments or refunds are due because of them. Its statements are one
// transaction, which locks payments before refunds, as Update does.
func (r *Payments) Heed(ctx context.Context, hints []domain.Hint) (domain.Saved, error) {
	n := len(hints)
	ids, types, payments, intents, refunds := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	times := make([]time.Time, n)
	var settled, failed []string
	for i, h := range hints {
		ids[i], types[i], payments[i], intents[i], refunds[i], times[i] = h.EventID, h.Type, h.PaymentID, h.IntentID, h.RefundID, h.OccurredAt
		if h.RefundID != "" {
			settled = append(settled, h.RefundID)
		}
		if h.RefundID != "" && h.Type == "refund.failed" {
			failed = append(failed, h.RefundID)
		}
	}
	var saved domain.Saved
	b := new(pgx.Batch)
	b.Queue(heed, ids, types, payments, intents, refunds, times).QueryRow(func(row pgx.Row) error {
		var asked int
		err := row.Scan(&asked)
		saved.ChargesDue = asked > 0
		return err
	})
	if len(settled) > 0 {
		b.Queue(lookUp, settled).Exec(func(tag pgconn.CommandTag) error {
			saved.RefundsDue = tag.RowsAffected() > 0
			return nil
		})
	}
	if len(failed) > 0 {
		b.Queue(selectBounced, failed).Query(func(rows pgx.Rows) (err error) {
			saved.Bounced, err = pgx.CollectRows(rows, pgx.RowTo[string])
			return err
		})
	}
	err := r.pool.SendBatch(ctx, b).Close()
	return saved, postgres.Translate(err)
}

// Stripe repeats a webhook for three days at most.
const (
	webhooksKept = 7 * 24 * time.Hour
	chunkTimeout = 15 * time.Second // should the server no longer answer
	forgetSome   = `delete from webhooks where event_id in (
		select event_id from webhooks where received_at < now() - $1::interval order by received_at limit $2 for update skip locked)`
)

// Forget deletes old webhooks, now and then, until ctx ends.
func Forget(ctx context.Context, pool *pgxpool.Pool, log zerolog.Logger) error {
	const chunk = 1000
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		forgotten, err := forgetChunk(ctx, pool, chunk)
		if err != nil && ctx.Err() == nil {
			log.Warn().Err(err).Msg("old webhooks stay for now")
		}
		if forgotten == chunk {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func forgetChunk(ctx context.Context, pool *pgxpool.Pool, chunk int64) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, chunkTimeout)
	defer cancel()
	tag, err := pool.Exec(ctx, forgetSome, webhooksKept, chunk)
	return tag.RowsAffected(), err
}
