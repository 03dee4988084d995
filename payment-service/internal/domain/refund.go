package domain

import (
	"fmt"
	"slices"
	"strings"

	"marketplace/shared/money"
)

// RefundState is where a refund stands.
type RefundState string

const (
	RefundPending RefundState = "pending"
	RefundDone    RefundState = "done"
	RefundFailed  RefundState = "failed" // certainly: the processor or the bank refused
)

// Refund is money on its way back. A payment has one per cause.
type Refund struct {
	ID         string // given by the repository when the row is new
	Cause      string // CauseCancelled, CauseReturn or CauseSupport
	Amount     money.Money
	State      RefundState
	ProviderID string // the processor's, as soon as it has said one
	Failure    *Failure
}

// Key is the idempotency key of every call for this refund. It never changes.
func (r Refund) Key() string { return "ref_" + r.ID }

// CauseCancelled is the n-th refund, from 1, for the cancellation of an order: one is asked for again when one failed.
func CauseCancelled(orderID string, n int) string {
	return fmt.Sprintf("%s%d", cancelledPrefix(orderID), n)
}

// CauseReturn is the refund of a return.
func CauseReturn(returnID string) string { return "return:" + returnID }

// CauseSupport is a refund that support asked for, under the idempotency key of the request.
func CauseSupport(idempotencyKey string) string { return "support:" + idempotencyKey }

func cancelledPrefix(orderID string) string { return "order:" + orderID + ":cancelled:" }

// ask adds a pending refund of what is asked, or of what is left if that is less. A cause that has a row already, or
// nothing left, changes nothing.
func ask(p Payment, cause string, amount money.Money, out Outcome) (Payment, Outcome) {
	if slices.ContainsFunc(p.Refunds, func(r Refund) bool { return r.Cause == cause }) {
		return p, out
	}
	amount.Amount = min(amount.Amount, p.Left().Amount)
	if amount.Amount <= 0 {
		return p, out
	}
	r := Refund{Cause: cause, Amount: amount, State: RefundPending}
	p.Refunds = append(slices.Clone(p.Refunds), r)
	out.Refunds = append(out.Refunds, r)
	return p, out
}

// askCancelled asks for all that is left, because the order has ended. Asking twice is asking once: then nothing is left.
func askCancelled(p Payment, out Outcome) (Payment, Outcome) {
	return ask(p, CauseCancelled(p.OrderID, cancellations(p)+1), p.Left(), out)
}

// settle takes what the processor says about a pending refund. What is settled stays so: an answer that comes again
// changes nothing.
func settle(p Payment, cause, providerID string, state RefundState, failure *Failure) (Payment, Outcome, error) {
	at := slices.IndexFunc(p.Refunds, func(r Refund) bool { return r.Cause == cause })
	if at < 0 {
		return p, Outcome{}, fmt.Errorf("%s: %w", cause, ErrNoRefund)
	}
	if p.Refunds[at].State != RefundPending {
		return p, Outcome{}, nil
	}
	p.Refunds = slices.Clone(p.Refunds)
	r := &p.Refunds[at]
	r.State, r.Failure = state, failure
	if providerID != "" {
		r.ProviderID = providerID
	}
	switch state {
	case RefundPending:
		return p, Outcome{}, nil
	case RefundDone:
		return p, Outcome{
			Messages: []Message{PaymentRefunded{Cause: cause, Amount: r.Amount, Refunded: p.Refunded()}},
			Entries:  []Entry{{Kind: EntryRefund, Amount: r.Amount.Neg(), Cause: cause}},
		}, nil
	}
	if !p.Unwanted {
		return p, Outcome{}, nil // whoever asked may ask again, under another cause
	}
	// The order has ended, so whatever is free again goes back too.
	p, out := askCancelled(p, Outcome{})
	return p, out, nil
}

// cancellations is how many refunds were asked for because the order was cancelled.
func cancellations(p Payment) (n int) {
	for _, r := range p.Refunds {
		if strings.HasPrefix(r.Cause, cancelledPrefix(p.OrderID)) {
			n++
		}
	}
	return n
}
