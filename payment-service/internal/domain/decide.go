package domain

import "marketplace/shared/money"

// decide is the table: what the input makes of the payment.
func (r Rules) decide(p Payment, in Input) (Payment, Outcome, error) {
	switch in := in.(type) {
	case StockReserved:
		return r.charge(p, in)
	case OrderCancelled:
		next, out := cancel(p, in)
		return next, out, nil
	case ShipmentDispatched:
		if p.State == Captured {
			p.Dispatch = Dispatched
		}
	case RefundRequested:
		return requestRefund(p, in)
	case Due:
		next, out := r.due(p)
		return next, out, nil
	case Hint:
		next, out := hear(p, in)
		return next, out, nil
	case StaffRefund:
		return askByStaff(p, in)
	case Confirmation:
		return confirmRefund(p, in)
	case Rejection:
		return rejectRefund(p, in)
	case SettledByHand:
		return settleByHand(p, in)
	case NoCertainAnswer:
		p.Uncertain = p.Uncertain || p.State == Called
	case Fact:
		next, out := observe(p, in)
		return next, out, nil
	case RefundSettled:
		return settle(p, in)
	case RefundUnsettled:
		return unsettled(p, in)
	case Books:
		next, out := readBooks(p, in)
		return next, out, nil
	}
	return p, Outcome{}, nil
}

// deadlineTooFar: the key of a charge must outlive the order's deadline, or a cancelled order could not be fenced.
var deadlineTooFar = Failure{
	Code: "deadline_too_far", Message: "The order may take longer than a charge can be made safe for.",
}

func (r Rules) charge(p Payment, in StockReserved) (Payment, Outcome, error) {
	if p.State != None {
		return p, Outcome{}, nil
	}
	if !chargeable(in.Amount) {
		return p, Outcome{}, ErrAmount
	}
	p.State, p.CustomerID, p.Amount, p.Method = Processing, in.CustomerID, in.Amount, in.Method
	if in.Remaining >= r.KeyLife {
		p.State, p.Unwanted, p.Failure = Voided, true, &deadlineTooFar
		return p, Outcome{Messages: []Message{PaymentFailed{Failure: deadlineTooFar}}}, nil
	}
	return p, Outcome{}, nil
}

// cancel: before an attempt nothing can have happened, after one only the processor knows, and captured money goes back. A
// call that is under way is not repeated: what is asked from now on is another question.
func cancel(p Payment, in OrderCancelled) (Payment, Outcome) {
	known := p.Unwanted
	p.Unwanted = true
	switch p.State {
	case None:
		p.State, p.CustomerID, p.Amount = Voided, in.CustomerID, in.Total
	case Processing:
		p.State = Voided
	case Called:
		return p, Outcome{Again: !known}
	case RequiresAction:
		p.State = Voiding
	case Captured:
		if p = dropAwaiting(p); known {
			return p, Outcome{} // what has become free since is asked for by what made it so
		}
		return askCancelled(p, Outcome{})
	}
	return p, Outcome{}
}

// chargeable says whether the amount is one at all; whether the processor can be asked for it is found when it is.
func chargeable(m money.Money) bool { return m.Amount > 0 && m.Currency != "" }
