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
	reason  string          // why somebody asked for the refunds
	records []outbox.Record
	saved   domain.Saved
}

// row is a payment as it was locked, then as decided.
type row struct {
	payment domain.Payment
	before  domain.Payment
	fresh   bool          // not in the table yet
	calls   int           // none since a webhook told that something happened
	age     time.Duration // since its first attempt was marked
	trace   string
	marked  bool // its first attempt is marked now
	moved   bool // due says when it is due next; otherwise it stays as it is
	due     *time.Duration
	refunds map[string]*refundRow // by cause
	entries []domain.Entry
}

// refundRow is what the queue knows about a refund.
type refundRow struct {
	calls    int
	answered bool
}

func newWork(decide Decide, lease time.Duration) *work {
	return &work{decide: decide, lease: lease, rows: map[string]*row{}}
}

const lockedColumns = paymentColumns + `, calls, trace, coalesce(extract(epoch from now() - marked_at), 0)::float8`

// lock queues a query of lockedColumns that locks payments.
func (w *work) lock(b *pgx.Batch, query string, args ...any) {
	b.Queue(query, args...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			r := &row{refunds: map[string]*refundRow{}}
			var err error
			var age float64
			if r.payment, err = scanPayment(rows, &r.calls, &r.trace, &age); err != nil {
				return err
			}
			r.before, r.age = r.payment, time.Duration(age*float64(time.Second))
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
	before := r.payment
	after, out, err := w.decide(before, c.Input)
	if err != nil {
		return err
	}
	for i := range after.Refunds {
		if after.Refunds[i].ID == "" { // a slice of its own, since the row is new
			after.Refunds[i].ID = uuid.Must(uuid.NewV7()).String()
			r.refunds[after.Refunds[i].Cause] = &refundRow{}
			w.saved.RefundsDue = true
		}
	}
	r.payment = after
	r.entries = append(r.entries, out.Entries...)
	w.reschedule(r, before, c)
	w.saved.Transitions = append(w.saved.Transitions, domain.Transition{Before: before, After: after, Outcome: out})
	messages, err := records(after, out.Messages, c.Trace)
	w.records = append(w.records, messages...)
	return err
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

// reschedule says when the payment is due next: when its state is a new one, or its task has come to an end.
func (w *work) reschedule(r *row, before domain.Payment, c domain.Change) {
	switch in := c.Input.(type) {
	case domain.RefundSettled:
		r.refunds[in.Cause].answered = c.Answer
		return
	case domain.RefundUnsettled:
		r.refunds[in.Cause].answered = c.Answer
		return
	}
	news := c.Answer && r.calls == 0 // a webhook came while the task was under way: the answer may be older
	if r.payment.State != before.State {
		r.calls = 0
	} else if !c.Answer {
		return
	}
	r.moved, r.due = true, nil
	if wait, ok := r.payment.Wait(r.calls); ok {
		r.due = &wait
	}
	if news && r.payment.State != domain.Captured {
		r.due = new(time.Duration)
	}
}

// claim marks an attempt where there is none and takes the payment for the lease, for this process to call.
func (w *work) claim(r *row) error {
	before := r.payment
	after, _, err := w.decide(before, domain.Attempt{})
	if err != nil {
		return err
	}
	r.payment = after
	if after.State != before.State {
		r.calls, r.marked = 0, true
	}
	r.calls++
	r.moved, r.due = true, &w.lease
	w.saved.Marked = append(w.saved.Marked, domain.Task{Payment: after, Calls: r.calls, Age: r.age, Trace: r.trace})
	return nil
}

// changed says whether there is anything to write.
func (r *row) changed() bool { return r.moved || !reflect.DeepEqual(r.before, r.payment) }
