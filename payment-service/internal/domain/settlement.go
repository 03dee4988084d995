package domain

import (
	"fmt"
	"slices"
)

// SettledByHand ends what the service could not: a refund that needs attention.
type SettledByHand struct {
	RefundID string
	By       string
	As       Settlement
}

func (SettledByHand) isInput() {}

// Settlement is how a person ends a refund that needs attention.
type Settlement string

const (
	// SettledOutside: the customer has got the money, and not through the processor, but by a bank transfer for example. It is booked.
	// No refund that the processor shows is ever taken for it.
	SettledOutside Settlement = "outside"

	// SettledConsole: the money goes back by refunds that were made at the processor's console. Each of those is booked as a refund of
	// its own, as all are, so this one ends without money. When the books have been read, what is missing of an order that has ended
	// is asked for again.
	SettledConsole Settlement = "console"

	// SettledRetry: the processor is asked again, under the same key. For a refund that is unbooked, its books are read again.
	SettledRetry Settlement = "retry"

	// SettledAbandon: the money stays; see giveUp. For a refund that is unbooked, it is the only end: that it was looked at.
	SettledAbandon Settlement = "abandon"
)

// Settlements are all ways to end a refund that needs attention.
var Settlements = []Settlement{SettledOutside, SettledConsole, SettledRetry, SettledAbandon}

// settleByHand believes a person. The processor's books are read after it: they may show more than he knew.
func settleByHand(p Payment, in SettledByHand) (Payment, Outcome, error) {
	at := p.byID(in.RefundID)
	if at < 0 {
		return p, Outcome{}, fmt.Errorf("%s: %w", in.RefundID, ErrNoRefund)
	}
	switch r := p.Refunds[at]; {
	case p.ownedBy(in.By):
		return p, Outcome{}, ErrOwnPayment
	case r.State != RefundAttention:
		return p, Outcome{}, ErrNoAttention
	case r.aboveCapture() && (in.As == SettledOutside || in.As == SettledConsole):
		return p, Outcome{}, ErrMadeElsewhere
	}
	p.Refunds = slices.Clone(p.Refunds)
	out := Outcome{Again: true}
	switch in.As {
	case SettledOutside:
		p.Refunds[at].ProviderID = "" // if the processor makes it all the same, that is another one
		p, out = refundDone(p, at, "", out)
	case SettledConsole:
		p = refundFailed(p, at, "", &returnedElsewhere)
	case SettledAbandon:
		p = giveUp(p, at)
	case SettledRetry:
		if !p.Refunds[at].aboveCapture() {
			p.Refunds[at].State, p.Refunds[at].Failure = RefundPending, nil
		}
	}
	return p, out, nil
}

// codeWithdrawn is the failure of a refund that a person gave up while the order went on.
const codeWithdrawn = "withdrawn"

// giveUp ends a refund whose money stays. Of an order that has ended, it is a decision to keep it: it is not asked for again.
// Of another one only this refund is over: a cancellation asks for all that is left. One that is unbooked was looked at, and is not
// asked for in any case. The caller has cloned p.Refunds.
func giveUp(p Payment, at int) Payment {
	why := Failure{Code: codeWithdrawn, Message: "The refund was withdrawn by the staff."}
	if p.Unwanted || p.Refunds[at].aboveCapture() {
		why = Failure{Code: codeAbandoned, Message: "The refund was given up by the staff."}
	}
	return refundFailed(p, at, "", &why)
}
