package repository

import (
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/domain"
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
		if r.next == (domain.Next{Changed: true}) {
			w.saved.ChargesDue = true
		}
	}
	// Two sets that make the same payments must not wait for each other crosswise.
	slices.SortFunc(fresh, func(a, b *row) int { return strings.Compare(a.payment.OrderID, b.payment.OrderID) })
	insertPayments(b, fresh)
	updatePayments(b, changed)
	w.insertRefunds(b, changed)
	w.updateRefunds(b, known) // an answer that changes nothing says when to ask next
	w.insertActs(b, known)
	w.lookUpRefunds(b)
	insertEntries(b, changed)
	outbox.Append(b, w.records)
}

const insertPaymentsSQL = `
insert into payments (id, order_id, customer_id, amount, currency, method, state, unwanted, failure_code, failure_message,
	next_at, calls, asked, marked_at, charge_amount, charge_currency, trace)
select id, order_id, nullif(customer_id, '')::uuid, amount, currency, method, state, unwanted, failure_code, failure_message,
	now() + due_ms * interval '1 millisecond', calls, asked, case when marked then now() end,
	nullif(charge_amount, 0), nullif(charge_currency, ''), trace
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::boolean[],
		$9::text[], $10::text[], $11::bigint[], $12::int[], $13::boolean[], $14::boolean[], $15::bigint[], $16::text[], $17::text[])
	as n (id, order_id, customer_id, amount, currency, method, state, unwanted, failure_code, failure_message,
		due_ms, calls, asked, marked, charge_amount, charge_currency, trace)`

// insertPayments queues payments that nothing was known of. There is no fact about them yet.
func insertPayments(b *pgx.Batch, rows []*row) {
	if len(rows) == 0 {
		return
	}
	n := len(rows)
	ids, orders, customers, methods := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	amounts, currencies, states, unwanted := make([]int64, n), make([]string, n), make([]string, n), make([]bool, n)
	codes, messages := make([]*string, n), make([]*string, n)
	charges, spelt := make([]int64, n), make([]string, n)
	dues, calls, asked, marked, traces := make([]*int64, n), make([]int, n), make([]bool, n), make([]bool, n), make([]string, n)
	for i, r := range rows {
		p := r.payment
		ids[i], orders[i], customers[i], methods[i] = p.ID, p.OrderID, p.CustomerID, p.Method
		amounts[i], currencies[i], states[i], unwanted[i] = p.Amount.Amount, p.Amount.Currency, string(p.State), p.Unwanted
		codes[i], messages[i] = failureColumns(p.Failure)
		charges[i], spelt[i] = p.Asked.Amount, p.Asked.Currency
		dues[i], calls[i], asked[i], marked[i], traces[i] = milliseconds(r.next), p.Asking.Calls, p.Asking.Open, r.marked(), r.trace
	}
	b.Queue(insertPaymentsSQL, ids, orders, customers, amounts, currencies, methods, states, unwanted, codes, messages,
		dues, calls, asked, marked, charges, spelt, traces)
}

const updatePaymentsSQL = `
update payments p set
	state = n.state, unwanted = n.unwanted, uncertain = n.uncertain, intent_id = nullif(n.intent_id, ''), brand = n.brand, last4 = n.last4,
	failure_code = n.failure_code, failure_message = n.failure_message,
	captured_amount = n.captured,
	refunded_amount = coalesce(n.refunded, p.refunded_amount), refunding_amount = coalesce(n.refunding, p.refunding_amount),
	dispatched = n.dispatched, dispute_id = nullif(n.dispute_id, ''), dispute_state = nullif(n.dispute_state, ''),
	calls = n.calls, asked = n.asked, again = n.again, books = n.books, find_cursor = n.find_cursor,
	next_at = case when n.moved then now() + n.due_ms * interval '1 millisecond' else p.next_at end,
	marked_at = case when n.marked then coalesce(p.marked_at, now()) else p.marked_at end,
	charge_amount = coalesce(p.charge_amount, nullif(n.charge_amount, 0)),
	charge_currency = coalesce(p.charge_currency, nullif(n.charge_currency, '')),
	entered_at = case when n.state = p.state then p.entered_at else now() end,
	version = p.version + 1, updated_at = now()
from unnest($1::uuid[], $2::text[], $3::boolean[], $4::boolean[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
		$10::bigint[], $11::bigint[], $12::bigint[], $13::int[], $14::boolean[], $15::boolean[], $16::text[],
		$17::boolean[], $18::bigint[], $19::boolean[], $20::boolean[], $21::text[], $22::text[],
		$23::bigint[], $24::text[], $25::boolean[])
	as n (id, state, unwanted, uncertain, intent_id, brand, last4, failure_code, failure_message,
		captured, refunded, refunding, calls, asked, again, find_cursor, moved, due_ms, marked, dispatched, dispute_id, dispute_state,
		charge_amount, charge_currency, books)
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
	captured, refunded, refunding := make([]int64, n), make([]*int64, n), make([]*int64, n)
	calls, asked, again, books, cursors := make([]int, n), make([]bool, n), make([]bool, n), make([]bool, n), make([]string, n)
	charges, spelt := make([]int64, n), make([]string, n)
	moved, dues, marked := make([]bool, n), make([]*int64, n), make([]bool, n)
	dispatched, disputes, stands := make([]bool, n), make([]string, n), make([]string, n)
	for i, r := range rows {
		p := r.payment
		ids[i], states[i], unwanted[i], uncertain[i] = p.ID, string(p.State), p.Unwanted, p.Uncertain
		intents[i], brands[i], last4s[i] = p.IntentID, p.Card.Brand, p.Card.Last4
		codes[i], messages[i] = failureColumns(p.Failure)
		charges[i], spelt[i] = p.Asked.Amount, p.Asked.Currency
		captured[i] = p.Captured.Amount
		if len(p.Refunds) > 0 { // otherwise there are none, or they were not read because nothing can change them here
			back := p.Refunded().Amount
			refunded[i], refunding[i] = &back, new(captured[i]-back-p.Left().Amount)
		}
		calls[i], asked[i], again[i], books[i], cursors[i] = p.Asking.Calls, p.Asking.Open, p.Asking.Again, p.Asking.Books, p.Asking.Cursor
		moved[i], dues[i], marked[i] = r.next.Changed, milliseconds(r.next), r.marked()
		dispatched[i], disputes[i], stands[i] = p.Dispatch == domain.Dispatched, p.Dispute.ID, string(p.Dispute.State)
	}
	b.Queue(updatePaymentsSQL, ids, states, unwanted, uncertain, intents, brands, last4s, codes, messages,
		captured, refunded, refunding, calls, asked, again, cursors, moved, dues, marked, dispatched, disputes, stands, charges, spelt, books)
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

// milliseconds are until a payment is due, nil for one that is not.
func milliseconds(n domain.Next) *int64 {
	if !n.Changed || n.Never {
		return nil
	}
	return new(n.Wait.Milliseconds())
}
