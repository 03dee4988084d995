package repository

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"marketplace/shared/outbox"
)

// save queues one statement per table.
func (w *work) save(b *pgx.Batch) {
	var fresh, known, changed []*row
	for _, id := range w.order {
		r := w.rows[id]
		if !r.fresh {
			known = append(known, r)
		}
		if !r.changed() {
			continue
		}
		if r.fresh {
			fresh = append(fresh, r)
		} else {
			changed = append(changed, r)
		}
		if r.moved && r.due != nil && *r.due == 0 {
			w.saved.ChargesDue = true
		}
	}
	// Two sets that make the same payments must not wait for each other crosswise.
	slices.SortFunc(fresh, func(a, b *row) int { return strings.Compare(a.payment.OrderID, b.payment.OrderID) })
	insertPayments(b, fresh)
	updatePayments(b, changed)
	insertRefunds(b, changed, w.reason)
	updateRefunds(b, known) // an answer that changes nothing says when to ask next
	insertEntries(b, changed)
	outbox.Append(b, w.records)
}

const insertPaymentsSQL = `
insert into payments (id, order_id, customer_id, amount, currency, method, state, unwanted, next_at, calls, marked_at, trace)
select id, order_id, nullif(customer_id, '')::uuid, amount, currency, method, state, unwanted,
	now() + due_ms * interval '1 millisecond', calls, case when marked then now() end, trace
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::boolean[],
		$9::bigint[], $10::int[], $11::boolean[], $12::text[])
	as n (id, order_id, customer_id, amount, currency, method, state, unwanted, due_ms, calls, marked, trace)`

// insertPayments queues payments that nothing was known of. There is no fact about them yet.
func insertPayments(b *pgx.Batch, rows []*row) {
	if len(rows) == 0 {
		return
	}
	n := len(rows)
	ids, orders, customers, methods := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	amounts, currencies, states, unwanted := make([]int64, n), make([]string, n), make([]string, n), make([]bool, n)
	dues, calls, marked, traces := make([]*int64, n), make([]int, n), make([]bool, n), make([]string, n)
	for i, r := range rows {
		p := r.payment
		ids[i], orders[i], customers[i], methods[i] = p.ID, p.OrderID, p.CustomerID, p.Method
		amounts[i], currencies[i], states[i], unwanted[i] = p.Amount.Amount, p.Amount.Currency, string(p.State), p.Unwanted
		dues[i], calls[i], marked[i], traces[i] = milliseconds(r.due), r.calls, r.marked, r.trace
	}
	b.Queue(insertPaymentsSQL, ids, orders, customers, amounts, currencies, methods, states, unwanted, dues, calls, marked, traces)
}

const updatePaymentsSQL = `
update payments p set
	state = n.state, unwanted = n.unwanted, uncertain = n.uncertain, intent_id = nullif(n.intent_id, ''), brand = n.brand, last4 = n.last4,
	failure_code = n.failure_code, failure_message = n.failure_message,
	captured_amount = n.captured, refunded_amount = n.refunded, refunding_amount = n.refunding, calls = n.calls,
	next_at = case when n.moved then now() + n.due_ms * interval '1 millisecond' else p.next_at end,
	marked_at = case when n.marked then coalesce(p.marked_at, now()) else p.marked_at end,
	version = p.version + 1, updated_at = now()
from unnest($1::uuid[], $2::text[], $3::boolean[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
		$10::bigint[], $11::bigint[], $12::bigint[], $13::int[], $14::boolean[], $15::bigint[], $16::boolean[])
	as n (id, state, unwanted, uncertain, intent_id, brand, last4, failure_code, failure_message,
		captured, refunded, refunding, calls, moved, due_ms, marked)
where p.id = n.id`

// updatePayments queues the new states of payments; what an order agreed to pay never changes.
func updatePayments(b *pgx.Batch, rows []*row) {
	if len(rows) == 0 {
		return
	}
	n := len(rows)
	ids, states, unwanted, uncertain := make([]string, n), make([]string, n), make([]bool, n), make([]bool, n)
	intents, brands, last4s := make([]string, n), make([]string, n), make([]string, n)
	codes, messages := make([]*string, n), make([]*string, n)
	captured, refunded, refunding := make([]int64, n), make([]int64, n), make([]int64, n)
	calls, moved, dues, marked := make([]int, n), make([]bool, n), make([]*int64, n), make([]bool, n)
	for i, r := range rows {
		p := r.payment
		ids[i], states[i], unwanted[i], uncertain[i] = p.ID, string(p.State), p.Unwanted, p.Uncertain
		intents[i], brands[i], last4s[i] = p.IntentID, p.Card.Brand, p.Card.Last4
		codes[i], messages[i] = failureColumns(p.Failure)
		captured[i], refunded[i] = p.Captured.Amount, p.Refunded().Amount
		refunding[i] = captured[i] - refunded[i] - p.Left().Amount
		calls[i], moved[i], dues[i], marked[i] = r.calls, r.moved, milliseconds(r.due), r.marked
	}
	b.Queue(updatePaymentsSQL, ids, states, unwanted, uncertain, intents, brands, last4s, codes, messages,
		captured, refunded, refunding, calls, moved, dues, marked)
}

const insertEntriesSQL = `
insert into ledger (id, payment_id, kind, amount, currency, ref)
select id, payment_id, kind, amount, currency, ref
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[])
	as n (id, payment_id, kind, amount, currency, ref)`

func insertEntries(b *pgx.Batch, rows []*row) {
	var ids, payments, kinds, currencies, refs []string
	var amounts []int64
	for _, r := range rows {
		for _, e := range r.entries {
			ids, payments = append(ids, uuid.Must(uuid.NewV7()).String()), append(payments, r.payment.ID)
			kinds, refs = append(kinds, string(e.Kind)), append(refs, e.Cause)
			amounts, currencies = append(amounts, e.Amount.Amount), append(currencies, e.Amount.Currency)
		}
	}
	if len(ids) > 0 {
		b.Queue(insertEntriesSQL, ids, payments, kinds, amounts, currencies, refs)
	}
}

func milliseconds(d *time.Duration) *int64 {
	if d == nil {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}
