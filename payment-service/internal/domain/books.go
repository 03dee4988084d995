package domain

import (
	"slices"
	"strings"

	"marketplace/shared/money"
)

// Books are what the processor shows at one moment of the money that it has taken: every refund of the intent, whoever made
// it, and the dispute. They are read when a refund is refused or needs attention, when a person has settled one, and when a webhook or
// a look at the charge tells that money moved.
type Books struct {
	Refunds []Seen
	Dispute Dispute
	Refused *Refused // the refund whose refusal made somebody read
}

// Seen is a refund as the processor shows it.
type Seen struct {
	ProviderID string
	RefundID   string // ours, from its metadata; empty when it was made elsewhere
	Amount     money.Money
	State      RefundState // RefundPending, RefundDone or RefundFailed
	Failure    *Failure    // with RefundFailed
}

// Refused is a refund of ours that the processor certainly refused.
type Refused struct {
	Cause   string
	Failure Failure
}

// Dispute is what the cardholder's bank has begun; the zero value is none.
type Dispute struct {
	ID    string
	State DisputeState
}

// DisputeState is how a dispute stands.
type DisputeState string

const (
	DisputeOpen DisputeState = "open"
	DisputeWon  DisputeState = "won" // for the shop: the money is here again
	DisputeLost DisputeState = "lost"
)

// Blocks says whether no refund can succeed: the bank has taken the money, and decides where it goes.
func (d Dispute) Blocks() bool { return d.State == DisputeOpen || d.State == DisputeLost }

// Codes of failures that this service decides by.
const (
	codeDisputed  = "charge_disputed" // the processor's own
	codeAbandoned = "abandoned"
	codeElsewhere = "refunded_elsewhere"
	codeUnbooked  = "above_capture"
)

var (
	returnedElsewhere = Failure{Code: codeElsewhere, Message: "The money was given back at the processor."}
	moreThanCaptured  = Failure{Code: codeUnbooked, Message: "The processor has given this back, and with what else was refunded it is more than was captured."}
)

// Elsewhere says whether a refund ended without money because the money went back by another one, at the processor's console.
func (r Refund) Elsewhere() bool { return r.State == RefundFailed && r.Failure.Code == codeElsewhere }

// external says whether the refund was made at the processor by somebody else.
func (r Refund) external() bool { return strings.HasPrefix(r.Cause, externalPrefix) }

// aboveCapture says whether the processor has made the refund, and it cannot be booked because the sum would exceed the capture.
func (r Refund) aboveCapture() bool {
	return r.State == RefundAttention && r.Failure != nil && r.Failure.Code == codeUnbooked
}

// Unbooked says whether the refund is no part of the books although the processor has made it: it waits for a person, or one has
// looked at it and left it so.
func (r Refund) Unbooked() bool {
	return r.aboveCapture() || r.external() && r.State == RefundFailed && r.Failure.Code == codeAbandoned
}

// outside says whether a person has settled the refund as paid back without the processor.
func (r Refund) outside() bool { return r.State == RefundDone && r.ProviderID == "" }

func (Books) isInput() {}

// readBooks brings the refunds to what the processor shows: ours are settled, the refused one is ended, and each that was made
// elsewhere is booked as a row of its own. If the order has ended, what is left after that is asked for. It is one step, so that no
// money is asked for again that has gone back already.
func readBooks(p Payment, in Books) (Payment, Outcome) {
	if p.State != Captured {
		return p, Outcome{}
	}
	p.Dispute, p.Refunds = in.Dispute, slices.Clone(p.Refunds)
	p, out, others := settleSeen(p, in)
	if in.Refused != nil {
		if at := p.byCause(in.Refused.Cause); at >= 0 && p.Refunds[at].open() && !in.show(p.Refunds[at]) {
			p = refundFailed(p, at, "", &in.Refused.Failure)
		}
	}
	for _, s := range others {
		if short := s.Amount.Amount - p.Left().Amount; short > 0 && in.held(p, RefundAttention) >= short {
			p = giveWay(p, in, s.Amount.Amount)
		}
		p, out = bookElsewhere(p, in, s, out)
	}
	p = resume(p)
	if p.Unwanted && !out.Again {
		return askCancelled(p, out)
	}
	return p, out
}

// settleSeen settles the refunds of ours that the processor shows. It returns as others those that it shows and that are not
// settled by that: they were made elsewhere, or belong to a refund that ended here without them.
func settleSeen(p Payment, in Books) (_ Payment, out Outcome, others []Seen) {
	for _, s := range in.Refunds {
		at := slices.IndexFunc(p.Refunds, func(r Refund) bool { return s.is(r) && (r.open() || r.State == RefundDone) })
		switch {
		case s.State == RefundFailed && (at < 0 || p.Refunds[at].State == RefundDone):
		case at < 0, p.Refunds[at].aboveCapture() && s.State != RefundFailed:
			others = append(others, s)
		case p.Refunds[at].State == RefundDone:
		case s.State == RefundDone:
			p, out = refundDone(p, at, s.ProviderID, out)
		case s.State == RefundFailed:
			p = refundFailed(p, at, s.ProviderID, s.Failure)
		default:
			p.Refunds[at].State = RefundPending
			p.Refunds[at].taken(s.ProviderID)
		}
	}
	return p, out, others
}

// bookElsewhere books a refund that was made elsewhere, if there is room for it within the capture. If there is none, it waits as long
// as a refund that is pending here, and that the processor does not show, may still end without money: that one is asked for, and
// so ends. Otherwise nothing will make room. Then more went back than was captured, or a person has settled something wrongly: the
// refund needs attention.
func bookElsewhere(p Payment, in Books, s Seen, out Outcome) (Payment, Outcome) {
	at := p.byCause(CauseExternal(s.ProviderID))
	if at >= 0 && !p.Refunds[at].aboveCapture() {
		return p, out // it has been settled
	}
	made := Refund{Cause: CauseExternal(s.ProviderID), Amount: s.Amount, State: s.State, ProviderID: s.ProviderID}
	if short := s.Amount.Amount - p.Left().Amount; short > 0 {
		if at < 0 && in.held(p, RefundPending)+in.held(p, RefundAttention) >= short {
			out.Again = true
			return p, out
		}
		made.State, made.Failure = RefundAttention, &moreThanCaptured
	}
	if at < 0 {
		p, out = add(p, made, out)
	} else {
		p.Refunds[at].State, p.Refunds[at].Failure = made.State, made.Failure
	}
	if made.State == RefundDone {
		p, out = booked(p, made, out)
	}
	return p, out
}

// is says whether the processor shows this refund of ours. It does not show one that was paid back outside: what it shows under that
// one's identifier went back besides.
func (s Seen) is(r Refund) bool {
	if r.outside() {
		return false
	}
	return s.ProviderID == r.ProviderID || r.Cause == CauseExternal(s.ProviderID) || s.RefundID != "" && s.RefundID == r.ID
}

func (in Books) show(r Refund) bool {
	return slices.ContainsFunc(in.Refunds, func(s Seen) bool { return s.is(r) })
}

// held is the sum of the refunds in a state that hold money and that the processor does not show.
func (in Books) held(p Payment, state RefundState) (sum int64) {
	for _, r := range p.Refunds {
		if r.State == state && !r.aboveCapture() && !in.show(r) {
			sum += r.Amount.Amount
		}
	}
	return sum
}

// giveWay ends refunds that need attention and that the processor does not show, the newest first, until an amount fits:
// the processor itself never gives back more than it took, so they cannot succeed any more.
func giveWay(p Payment, in Books, amount int64) Payment {
	for at := len(p.Refunds) - 1; at >= 0 && p.Left().Amount < amount; at-- {
		if r := p.Refunds[at]; r.State == RefundAttention && !r.aboveCapture() && !in.show(r) {
			p = refundFailed(p, at, "", &returnedElsewhere)
		}
	}
	return p
}

// resume makes refunds pending again that needed attention because of a dispute, once the dispute blocks them no more.
func resume(p Payment) Payment {
	for i := range p.Refunds {
		r := &p.Refunds[i]
		if r.State == RefundAttention && r.Failure != nil && r.Failure.Code == codeDisputed && !p.Dispute.Blocks() {
			r.State, r.Failure = RefundPending, nil
		}
	}
	return p
}
