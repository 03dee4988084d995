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
	RefundAwaiting  RefundState = "awaiting_confirmation" // a second person has to confirm it; it holds no money
	RefundRejected  RefundState = "rejected"              // nobody confirmed it, or the order ended meanwhile
	RefundPending   RefundState = "pending"
	RefundDone      RefundState = "done"
	RefundFailed    RefundState = "failed"          // certainly: the processor or the bank refused
	RefundAttention RefundState = "needs_attention" // a person settles it. Its money is held, unless it has gone: see Unbooked
)

// Refund is money on its way back. A payment has one per cause.
type Refund struct {
	ID          string // given by the repository when the row is new
	Cause       string // CauseCancelled, CauseReturn, CauseSupport or CauseExternal
	Amount      money.Money
	State       RefundState
	ProviderID  string   // the processor's, as soon as it has said one
	Failure     *Failure // why it failed, or why it needs attention when that is known
	AskedBy     string   // the member of the staff who asked for it; empty when it was no person
	ConfirmedBy string   // the second person, if it needed one
}

// Key is the idempotency key of every call for this refund. It never changes.
func (r Refund) Key() string { return "ref_" + r.ID }

// Bounds of what is tried before a person is asked. See Refund.Wait for the time between calls.
const (
	// maxCancellations is how many refunds are asked for because an order was cancelled, each after the one before failed.
	maxCancellations = 3
	// maxCalls is how often a refund is asked for without a certain answer: a day and a half, which is longer than the
	// processor keeps an error under the key.
	maxCalls = 48
	// maxLooks is how often a refund that the processor has taken is looked up: about a month, the longest that a bank takes.
	maxLooks = 750
)

// CauseCancelled is the n-th refund, from 1, for the cancellation of an order: one is asked for again when one failed.
func CauseCancelled(orderID string, n int) string {
	return fmt.Sprintf("%s%d", cancelledPrefix(orderID), n)
}

// CauseReturn is the refund of a return.
func CauseReturn(returnID string) string { return "return:" + returnID }

// CauseSupport is a refund that support asked for, under the idempotency key of the request.
func CauseSupport(idempotencyKey string) string { return "support:" + idempotencyKey }

// CauseExternal is a refund that was made at the processor by somebody else, under the processor's identifier of it.
func CauseExternal(providerID string) string { return externalPrefix + providerID }

const externalPrefix = "external:"

func cancelledPrefix(orderID string) string { return "order:" + orderID + ":cancelled:" }

// requestRefund asks for what a return gives back, or for what is left if that is less.
func requestRefund(p Payment, in RefundRequested) (Payment, Outcome, error) {
	switch {
	case p.State != Captured:
		return p, Outcome{}, ErrNotCaptured
	case in.Amount.Amount <= 0 || in.Amount.Currency != p.Captured.Currency:
		return p, Outcome{}, ErrAmount
	}
	in.Amount.Amount = min(in.Amount.Amount, p.Left().Amount)
	next, out := add(p, Refund{Cause: in.Cause, Amount: in.Amount, State: RefundPending}, Outcome{})
	return next, out, nil
}

// add makes a new row. A cause that has one already, or no amount, changes nothing.
func add(p Payment, r Refund, out Outcome) (Payment, Outcome) {
	if r.Amount.Amount <= 0 || p.byCause(r.Cause) >= 0 {
		return p, out
	}
	p.Refunds = append(slices.Clone(p.Refunds), r)
	out.Refunds = append(out.Refunds, r)
	return p, out
}

// askCancelled asks for all that is left, because the order has ended. Asking twice is asking once: then nothing is left.
// What a person keeps is not asked for again, nor what the processor has given back already though it could not be booked. When it was refused too often, or a dispute stands in the way, the row
// is made all the same, so that a person sees it: it needs attention at once and is asked for when he says so.
func askCancelled(p Payment, out Outcome) (Payment, Outcome) {
	n := cancellations(p) + 1
	r := Refund{Cause: CauseCancelled(p.OrderID, n), Amount: p.Left(), State: RefundPending}
	r.Amount.Amount -= abandoned(p) + unbooked(p)
	switch {
	case p.Dispute.Blocks():
		r.State, r.Failure = RefundAttention, &Failure{Code: codeDisputed, Message: "The charge is disputed."}
	case n > maxCancellations:
		r.State, r.Failure = RefundAttention, lastFailure(p)
	}
	return add(p, r, out)
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

// abandoned is what people keep of an order that has ended: what they have abandoned since, less what they give back of it
// after all. That is what is asked for after the cancellation and not by it. What was withdrawn before is owed with the rest.
func abandoned(p Payment) (sum int64) {
	ended := false
	for _, r := range p.Refunds {
		if r.external() {
			continue
		}
		own := strings.HasPrefix(r.Cause, cancelledPrefix(p.OrderID))
		ended = ended || own
		switch {
		case r.State == RefundFailed && r.Failure != nil && r.Failure.Code == codeAbandoned && (own || !ended):
			sum += r.Amount.Amount
		case ended && !own && (r.open() || r.State == RefundDone):
			sum -= r.Amount.Amount
		}
	}
	return max(sum, 0)
}

// unbooked is what the processor has given back and could not be booked.
func unbooked(p Payment) (sum int64) {
	for _, r := range p.Refunds {
		if r.Unbooked() {
			sum += r.Amount.Amount
		}
	}
	return sum
}

func lastFailure(p Payment) *Failure {
	for _, r := range slices.Backward(p.Refunds) {
		if r.State == RefundFailed && r.Failure != nil {
			return r.Failure
		}
	}
	return &Failure{Code: "refused", Message: "The refund was refused too often."}
}

func (p Payment) byCause(cause string) int {
	return slices.IndexFunc(p.Refunds, func(r Refund) bool { return r.Cause == cause })
}

func (p Payment) byID(id string) int {
	return slices.IndexFunc(p.Refunds, func(r Refund) bool { return r.ID == id })
}
