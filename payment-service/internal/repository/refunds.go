package repository

import (
	"reflect"

	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/domain"
)

const insertRefundsSQL = `
insert into refunds (id, payment_id, cause, amount, currency, status, provider_refund_id, failure_code, failure_message,
	reason, note, asked_by, trace, next_at, settled_at)
select id, payment_id, cause, amount, currency, status, provider_refund_id, failure_code, failure_message,
	reason, note, nullif(asked_by, '')::uuid, trace,
	case when status = 'pending' then now() + due_ms * interval '1 millisecond' end, case when status = 'done' then now() end
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
		$10::text[], $11::text[], $12::text[], $13::text[], $14::bigint[])
	as n (id, payment_id, cause, amount, currency, status, provider_refund_id, failure_code, failure_message,
		reason, note, asked_by, trace, due_ms)`

// insertRefunds queues refunds that are new: those that the payment did not have when it was locked.
func (w *work) insertRefunds(b *pgx.Batch, rows []*row) {
	var ids, payments, causes, currencies, states, providers, reasons, notes, askers, traces []string
	var codes, messages []*string
	var amounts, dues []int64
	for _, r := range rows {
		for _, f := range r.payment.Refunds[len(r.before.Refunds):] {
			code, message := failureColumns(f.Failure)
			reason, note := "", ""
			if f.AskedBy != "" {
				reason, note = w.act.Reason, w.act.Note
			}
			ids, payments, causes = append(ids, f.ID), append(payments, r.payment.ID), append(causes, f.Cause)
			amounts, currencies = append(amounts, f.Amount.Amount), append(currencies, f.Amount.Currency)
			states, providers = append(states, string(f.State)), append(providers, f.ProviderID)
			codes, messages = append(codes, code), append(messages, message)
			reasons, notes, askers = append(reasons, reason), append(notes, note), append(askers, f.AskedBy)
			traces, dues = append(traces, r.refunds[f.Cause].trace), append(dues, f.Wait(0).Milliseconds())
		}
	}
	if len(ids) > 0 {
		b.Queue(insertRefundsSQL, ids, payments, causes, amounts, currencies, states, providers, codes, messages, reasons, notes, askers, traces, dues)
	}
}

// What is settled stays so, but for an identifier of the processor that was not known.
const updateRefundsSQL = `
update refunds r set
	status = n.status, provider_refund_id = n.provider_refund_id, failure_code = n.failure_code, failure_message = n.failure_message,
	confirmed_by = nullif(n.confirmed_by, '')::uuid, calls = case when n.restarted then 0 else r.calls end,
	next_at = case when n.status = 'pending' then now() + n.due_ms * interval '1 millisecond' end,
	settled_at = case when n.status in ('done', 'failed', 'rejected') then coalesce(r.settled_at, now()) end
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::boolean[], $8::bigint[])
	as n (id, status, provider_refund_id, failure_code, failure_message, confirmed_by, restarted, due_ms)
where r.id = n.id and (r.status not in ('done', 'failed', 'rejected') or r.status = n.status)`

// updateRefunds queues what became of refunds.
func (w *work) updateRefunds(b *pgx.Batch, rows []*row) {
	var ids, states, providers, confirmers []string
	var codes, messages []*string
	var restarted []bool
	var dues []int64
	for _, r := range rows {
		for i, before := range r.before.Refunds {
			f, known := r.payment.Refunds[i], r.refunds[before.Cause]
			if !known.answered && reflect.DeepEqual(f, before) {
				continue
			}
			code, message := failureColumns(f.Failure)
			starts, due := f.State == domain.RefundPending && before.State != f.State, int64(0)
			if !starts {
				due = f.Wait(known.calls).Milliseconds()
			}
			w.saved.RefundsDue = w.saved.RefundsDue || starts
			ids, states, providers = append(ids, f.ID), append(states, string(f.State)), append(providers, f.ProviderID)
			codes, messages, confirmers = append(codes, code), append(messages, message), append(confirmers, f.ConfirmedBy)
			restarted, dues = append(restarted, starts), append(dues, due)
		}
	}
	if len(ids) > 0 {
		b.Queue(updateRefundsSQL, ids, states, providers, codes, messages, confirmers, restarted, dues)
	}
}
