package domain

import "time"

// Hint is what a webhook tells: something happened to an intent, or to a refund. It may come twice, late, or out of
// order, so nothing is believed: it makes the processor be asked.
type Hint struct {
	EventID    string
	Type       string // the processor's name of the event, kept for people
	Kind       HintKind
	OccurredAt time.Time
	PaymentID  string // empty when it is about nothing of ours
	IntentID   string
	RefundID   string
}

// HintKind is what a hint is about, as far as a payment cares.
type HintKind string

const (
	// HintIntent: something happened to the intent.
	HintIntent HintKind = "intent"

	// HintNoMoney: an attempt on the intent failed, or it was cancelled. That is no news for a payment without money.
	HintNoMoney HintKind = "no_money"

	// HintRefund: something happened to a refund.
	HintRefund HintKind = "refund"

	// HintRefundFailed: a refund failed, perhaps after it was done.
	HintRefundFailed HintKind = "refund_failed"

	// HintBooks: money moved after the capture: something was given back, by whomever, or a dispute moved.
	HintBooks HintKind = "books"
)

// hear takes a hint. What it brings is that the processor has to be asked, and an intent's identifier that is not known
// yet. Before an attempt there is no intent, and after a capture only its books matter. A hint about the books that comes before the
// capture is known is kept until then: the look at the intent, which it causes too, does not serve it.
func hear(p Payment, h Hint) (Payment, Outcome) {
	if h.RefundID != "" {
		return p, hearOfRefund(p, h)
	}
	switch p.State {
	case Captured:
		return p, Outcome{Again: h.Kind == HintBooks}
	case None, Processing:
		return p, Outcome{}
	}
	p.Asking.Books = p.Asking.Books || h.Kind == HintBooks
	switch p.State {
	case Failed, Voided:
		if h.Kind == HintNoMoney || h.IntentID == "" {
			return p, Outcome{}
		}
		p.IntentID = h.IntentID // whatever was known of another one: it took no money
		return p, Outcome{Again: true}
	}
	if p.IntentID == "" {
		p.IntentID = h.IntentID
	}
	return p, Outcome{Again: true}
}

// hearOfRefund: a refund that the processor has taken is looked up, the books are read for one that needs attention or was
// paid back outside, and one that was done before it failed is told to people.
func hearOfRefund(p Payment, h Hint) (out Outcome) {
	for _, f := range p.Refunds {
		switch {
		case f.ID != h.RefundID:
		case f.State == RefundPending && f.ProviderID != "":
			out.LookUp = append(out.LookUp, f.ID)
		case f.State == RefundAttention || f.outside():
			out.Again = true
		case f.State == RefundDone && h.Kind == HintRefundFailed:
			out.Bounced = append(out.Bounced, f.ID)
		}
	}
	return out
}

func (Hint) isInput() {}
