package domain

import "marketplace/shared/money"

// Decide returns the payment after the input, and what follows: the table of the saga, one case per input. The same
// payment and no outcome mean that the input changes nothing: it came before, or too late to matter. After an error
// the input is refused (a command) or parked (a message), and nothing changed.
func Decide(p Payment, in Input) (Payment, Outcome, error) {
	switch in := in.(type) {
	case StockReserved:
		return charge(p, in)
	case OrderCancelled:
		next, out := cancel(p, in)
		return next, out, nil
	case RefundRequested:
		return requestRefund(p, in)
	case Attempt:
		if p.State == Processing {
			p.State = Called
		}
	case NoCertainAnswer:
		p.Uncertain = p.Uncertain || p.State == Called
	case Fact:
		next, out := observe(p, in)
		return next, out, nil
	case RefundSettled:
		if in.Failure != nil {
			return settle(p, in.Cause, in.ProviderID, RefundFailed, in.Failure)
		}
		return settle(p, in.Cause, in.ProviderID, RefundDone, nil)
	case RefundUnsettled:
		return settle(p, in.Cause, in.ProviderID, RefundPending, nil)
	}
	return p, Outcome{}, nil
}

func charge(p Payment, in StockReserved) (Payment, Outcome, error) {
	if p.State != None {
		return p, Outcome{}, nil
	}
	if !chargeable(in.Amount) {
		return p, Outcome{}, ErrAmount
	}
	p.State, p.CustomerID, p.Amount, p.Method = Processing, in.CustomerID, in.Amount, in.Method
	return p, Outcome{}, nil
}

// cancel: before an attempt nothing can have happened, after one only the processor knows, and captured money goes back.
func cancel(p Payment, in OrderCancelled) (Payment, Outcome) {
	p.Unwanted = true
	switch p.State {
	case None:
		p.State, p.CustomerID, p.Amount = Voided, in.CustomerID, in.Total
	case Processing:
		p.State = Voided
	case RequiresAction:
		p.State = Voiding
	case Captured:
		return askCancelled(p, Outcome{})
	}
	return p, Outcome{}
}

func requestRefund(p Payment, in RefundRequested) (Payment, Outcome, error) {
	switch {
	case p.State != Captured:
		return p, Outcome{}, ErrNotCaptured
	case in.Amount.Amount <= 0 || in.Amount.Currency != p.Captured.Currency:
		return p, Outcome{}, ErrAmount
	}
	next, out := ask(p, in.Cause, in.Amount, Outcome{})
	return next, out, nil
}

func chargeable(m money.Money) bool { return m.Amount > 0 && m.Validate() == nil }
