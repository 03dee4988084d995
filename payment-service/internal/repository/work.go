package repository

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/outbox"
)

// work is what one transaction does to a set of payments.
type work struct {
	decide  Decide
	lease   time.Duration
	rows    map[string]*row // by order
	order   []string        // the orders touched, in the order of the first change
	act     domain.Act      // of the person who waits; the zero value when nobody does
	records []outbox.Record
	lookUp  []string // refunds that are due at once
	saved   domain.Saved
}

// row is a payment as it was locked, then as decided.
type row struct {
	payment domain.Payment
	before  domain.Payment
	fresh   bool // not in the table yet
	trace   string
	next    domain.Next           // when it is due next
	refunds map[string]*refundRow // by cause
	entries []domain.Entry
}

// refundRow is what the queue knows about a refund.
type refundRow struct {
	calls    int
	answered bool
	trace    string // of what caused it, when it is new
}

func newWork(decide Decide, lease time.Duration) *work {
	return &work{decide: decide, lease: lease, rows: map[string]*row{}}
}

const lockedColumns = paymentColumns + `, trace, calls, asked, again, books, find_cursor,
	coalesce(extract(epoch from now() - marked_at), 0)::float8, extract(epoch from now() - entered_at)::float8`

// lock queues a query of lockedColumns that locks payments.
func (w *work) lock(b *pgx.Batch, query string, args ...any) {
	b.Queue(query, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			r := &row{refunds: map[string]*refundRow{}}
			var err error
			var a domain.Asking
			var marked, entered float64
			if r.payment, err = scanPayment(rows, &r.trace, &a.Calls, &a.Open, &a.Again, &a.Books, &a.Cursor, &marked, &entered); err != nil {
				return err
			}
			a.Marked, a.Entered = seconds(marked), seconds(entered)
			r.payment.Asking = a
			r.before = r.payment
			w.rows[r.payment.OrderID] = r
		}
		return rows.Err()
	})
}

// refunds queues a query of an order's id, a refund's calls and refundColumns, for payments that were locked before.
func (w *work) refunds(b *pgx.Batch, query string, args ...any) {
	b.Queue(query, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var calls int
			var orderID string
			f, err := scanRefund(rows, &calls, &orderID)
			if err != nil {
				return err
			}
			r, ok := w.rows[orderID]
			if !ok {
				continue // made since: the insert will say so
			}
			r.payment.Refunds = append(r.payment.Refunds, f)
			r.before.Refunds = r.payment.Refunds
			r.refunds[f.Cause] = &refundRow{calls: calls}
		}
		return rows.Err()
	})
}

// fold runs the changes through the domain, one after the other.
func (w *work) fold(changes []domain.Change) error {
	for _, c := range changes {
		if err := w.apply(c); err != nil {
			return fmt.Errorf("payment of order %s: %T: %w", c.OrderID, c.Input, err)
		}
	}
	return nil
}

func (w *work) apply(c domain.Change) error {
	r := w.row(c)
	out, err := w.step(r, c.Input, c.Trace)
	if err != nil {
		return err
	}
	switch in := c.Input.(type) {
	case domain.RefundSettled:
		r.refunds[in.Cause].answered = c.Answer
	case domain.RefundUnsettled:
		r.refunds[in.Cause].answered = c.Answer
	case domain.Books:
		if in.Refused != nil {
			r.refunds[in.Refused.Cause].answered = c.Answer
		}
	}
	w.lookUp = append(w.lookUp, out.LookUp...)
	return nil
}

// step runs one input through the domain.
func (w *work) step(r *row, in domain.Input, trace string) (domain.Outcome, error) {
	before := r.payment
	after, out, err := w.decide(before, in)
	if err != nil {
		return out, err
	}
	for i := range after.Refunds {
		if after.Refunds[i].ID == "" { // a slice of its own, since the row is new
			after.Refunds[i].ID = uuid.Must(uuid.NewV7()).String()
			r.refunds[after.Refunds[i].Cause] = &refundRow{trace: trace}
			w.saved.RefundsDue = true
		}
	}
	r.payment = after
	r.entries = append(r.entries, out.Entries...)
	if out.Next.Changed {
		r.next = out.Next
	}
	w.saved.Transitions = append(w.saved.Transitions, domain.Transition{Before: before, After: after, Outcome: out})
	messages, err := records(after, out.Messages, trace)
	w.records = append(w.records, messages...)
	return out, err
}

// row is the order's payment: as locked, or a new one.
func (w *work) row(c domain.Change) *row {
	r, ok := w.rows[c.OrderID]
	if !ok {
		r = &row{fresh: true, refunds: map[string]*refundRow{}, trace: c.Trace}
		r.payment = domain.New(uuid.Must(uuid.NewV7()).String(), c.OrderID)
		r.before = r.payment
		w.rows[c.OrderID] = r
	}
	if !slices.Contains(w.order, c.OrderID) {
		w.order = append(w.order, c.OrderID)
	}
	return r
}

// claim lets the clock decide what the processor is asked about the payment, and takes it for the lease if there is
// anything: for this process to ask. The first time the attempt is marked.
func (w *work) claim(r *row, now time.Time) error {
	out, err := w.step(r, domain.Due{}, r.trace)
	if err != nil || out.Ask == domain.AskNothing {
		return err
	}
	r.next = domain.Next{Changed: true, Wait: w.lease}
	w.saved.Marked = append(w.saved.Marked, domain.Task{Payment: r.payment, Ask: out.Ask, Trace: r.trace, Until: now.Add(w.lease)})
	return nil
}

// marked says whether the attempt is marked now.
func (r *row) marked() bool {
	return r.payment.State == domain.Called && (r.before.State == domain.None || r.before.State == domain.Processing)
}

// changed says whether there is anything to write.
func (r *row) changed() bool { return r.next.Changed || !reflect.DeepEqual(r.before, r.payment) }

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
