package repository

import (
	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/domain"
)

const insertRefundsSQL = `
insert into refunds (id, payment_id, cause, amount, currency, status, reason, next_at)
select id, payment_id, cause, amount, currency, 'pending', $7, now() + due_ms * interval '1 millisecond'
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::bigint[])
	as n (id, payment_id, cause, amount, currency, due_ms)`

// insertRefunds queues refunds that are asked for now: those that the payment did not have when it was locked.
func insertRefunds(b *pgx.Batch, rows []*row, reason string) {
	var ids, payments, causes, currencies []string
	var amounts, dues []int64
	for _, r := range rows {
		for _, f := range r.payment.Refunds[len(r.before.Refunds):] {
			ids, payments, causes = append(ids, f.ID), append(payments, r.payment.ID), append(causes, f.Cause)
			amounts, currencies = append(amounts, f.Amount.Amount), append(currencies, f.Amount.Currency)
			dues = append(dues, f.Wait(0).Milliseconds())
		}
	}
	if len(ids) > 0 {
		b.Queue(insertRefundsSQL, ids, payments, causes, amounts, currencies, dues, reason)
	}
}

const updateRefundsSQL = `
update refunds r set
	status = n.status, provider_refund_id = n.provider_refund_id, failure_code = n.failure_code, failure_message = n.failure_message,
	next_at = case when n.status = 'pending' then now() + n.due_ms * interval '1 millisecond' end,
	settled_at = case when n.status <> 'pending' then now() end
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])
	as n (id, status, provider_refund_id, failure_code, failure_message, due_ms)
where r.id = n.id and r.status = 'pending'`

// updateRefunds queues what the processor said about refunds.
func updateRefunds(b *pgx.Batch, rows []*row) {
	var ids, states, providers []string
	var codes, messages []*string
	var dues []int64
	for _, r := range rows {
		for i, before := range r.before.Refunds {
			f, known := r.payment.Refunds[i], r.refunds[before.Cause]
			if !known.answered && sameRefund(f, before) {
				continue
			}
			code, message := failureColumns(f.Failure)
			ids, states, providers = append(ids, f.ID), append(states, string(f.State)), append(providers, f.ProviderID)
			codes, messages = append(codes, code), append(messages, message)
			dues = append(dues, f.Wait(known.calls).Milliseconds())
		}
	}
	if len(ids) > 0 {
		b.Queue(updateRefundsSQL, ids, states, providers, codes, messages, dues)
	}
}

func sameRefund(a, b domain.Refund) bool { return a.State == b.State && a.ProviderID == b.ProviderID }
