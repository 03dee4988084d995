package domain

// observe takes what the processor says about the intent. Before an attempt there is no intent. After a capture it only matters whether
// money has moved since, which the books say. Every other state listens, also those that look like an end.
func observe(p Payment, f Fact) (Payment, Outcome) {
	switch p.State {
	case None, Processing:
		return p, Outcome{}
	case Captured:
		return p, Outcome{Again: f.Moved}
	}
	if f.Kind == FactForeign {
		return forget(p, f), Outcome{}
	}
	if p.IntentID == "" {
		p.IntentID = f.IntentID
	}
	if f.Card != (Card{}) {
		p.Card = f.Card
	}
	switch f.Kind {
	case FactSucceeded:
		return succeed(p, f)
	case FactDeclined, FactCanceled:
		if ends(p, f) {
			return fail(p, f)
		}
	case FactRequiresAction:
		return await(p), Outcome{}
	case FactRequiresPaymentMethod:
		if p.Failure == nil && !p.Unwanted {
			p.Failure = f.Failure // what the order will be told when the intent is cancelled
		}
		p.State = Voiding
	}
	return p, Outcome{}
}

// forget drops an identifier that only a hint had brought. Where a fact brought it, it is the payment's own.
func forget(p Payment, f Fact) Payment {
	if p.IntentID == f.IntentID && (p.State == Called || p.State == Failed || p.State == Voided) {
		p.IntentID = ""
	}
	return p
}

// ends says whether the fact ends the payment. The fact must be about the intent that the payment knows. A webhook may have named an
// intent while a call or a look-up was under way that has seen none, or another one; its answer then says nothing about the intent
// that was named.
func ends(p Payment, f Fact) bool {
	if f.IntentID != p.IntentID {
		return false
	}
	return p.State == Called || f.Kind == FactCanceled && (p.State == RequiresAction || p.State == Voiding)
}

// succeed books the charge, once. Money that nobody wants any more goes back, and the order hears of the refund only. Refunds
// are asked for of the intent that took the money.
func succeed(p Payment, f Fact) (Payment, Outcome) {
	p.State, p.IntentID, p.Captured, p.Failure = Captured, f.IntentID, f.Captured, nil
	p.Asking.Books = p.Asking.Books || f.Moved
	out := Outcome{Entries: []Entry{{Kind: EntryCharge, Amount: f.Captured}}}
	if p.Unwanted {
		return askCancelled(p, out)
	}
	out.Messages = []Message{PaymentCaptured{Amount: f.Captured}}
	return p, out
}

// fail ends a payment whose intent can never be paid. The order that waits is told, and from then on nobody wants the
// money; an order that has ended need not know.
func fail(p Payment, f Fact) (Payment, Outcome) {
	if p.Unwanted {
		p.State = Voided
		return p, Outcome{}
	}
	if p.Failure == nil {
		p.Failure = f.Failure
	}
	if p.Failure == nil {
		p.Failure = &Failure{Code: "canceled", Message: "the payment was cancelled"}
	}
	p.State, p.Unwanted = Failed, true
	return p, Outcome{Messages: []Message{PaymentFailed{Failure: *p.Failure}}}
}

// await: the shopper has to act. When nobody wants the money any more, the intent must not stay alive.
func await(p Payment) Payment {
	switch {
	case p.Unwanted:
		p.State = Voiding
	case p.State == Called:
		p.State = RequiresAction
	}
	return p
}
