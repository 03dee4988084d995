package domain

import (
	"fmt"
	"slices"
)

// open says whether the processor's word about the refund still counts.
func (r Refund) open() bool { return r.State == RefundPending || r.State == RefundAttention }

// settle takes what the processor certainly says about a refund. What is settled stays so: an answer that comes again
// changes nothing.
func settle(p Payment, in RefundSettled) (Payment, Outcome, error) {
	at := p.byCause(in.Cause)
	if at < 0 {
		return p, Outcome{}, fmt.Errorf("%s: %w", in.Cause, ErrNoRefund)
	}
	if !p.Refunds[at].open() {
		return p, Outcome{}, nil
	}
	p.Refunds = slices.Clone(p.Refunds)
	if in.Failure == nil {
		p, out := refundDone(p, at, in.ProviderID, Outcome{})
		return p, out, nil
	}
	p = refundFailed(p, at, in.ProviderID, in.Failure)
	if !p.Unwanted {
		return p, Outcome{}, nil // whoever asked may ask again, under another cause
	}
	// The order has ended, so whatever is free again goes back too.
	p, out := askCancelled(p, Outcome{})
	return p, out, nil
}

// refundDone books a refund. The caller has cloned p.Refunds.
func refundDone(p Payment, at int, providerID string, out Outcome) (Payment, Outcome) {
	r := &p.Refunds[at]
	r.State, r.Failure = RefundDone, nil
	r.taken(providerID)
	return booked(p, *r, out)
}

// booked writes the ledger's line for a refund that is done in p, and tells the order.
func booked(p Payment, r Refund, out Outcome) (Payment, Outcome) {
	out.Messages = append(out.Messages, PaymentRefunded{Cause: r.Cause, Amount: r.Amount, Refunded: p.Refunded()})
	out.Entries = append(out.Entries, Entry{Kind: EntryRefund, Amount: r.Amount.Neg(), Cause: r.Cause})
	return p, out
}

// refundFailed ends a refund without money. The caller has cloned p.Refunds.
func refundFailed(p Payment, at int, providerID string, why *Failure) Payment {
	r := &p.Refunds[at]
	r.State, r.Failure = RefundFailed, why
	r.taken(providerID)
	return p
}

func (r *Refund) taken(providerID string) {
	if providerID != "" {
		r.ProviderID = providerID
	}
}

// unsettled takes that there is no certain answer yet. After the last try a person has to look, and so has this service:
// the processor's books may show what its answers did not.
func unsettled(p Payment, in RefundUnsettled) (Payment, Outcome, error) {
	at := p.byCause(in.Cause)
	if at < 0 {
		return p, Outcome{}, fmt.Errorf("%s: %w", in.Cause, ErrNoRefund)
	}
	if !p.Refunds[at].open() || p.Refunds[at].State == RefundAttention && in.ProviderID == "" {
		return p, Outcome{}, nil
	}
	p.Refunds = slices.Clone(p.Refunds)
	r := &p.Refunds[at]
	r.taken(in.ProviderID)
	most := maxCalls
	if r.ProviderID != "" {
		most = maxLooks
	}
	if in.Calls >= most {
		r.State = RefundAttention
		return p, Outcome{Again: true}, nil
	}
	r.State = RefundPending
	return p, Outcome{}, nil
}
