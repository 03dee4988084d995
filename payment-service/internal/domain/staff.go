package domain

import (
	"fmt"
	"slices"

	"marketplace/shared/money"
)

// What people of the staff decide about refunds. Nobody decides about the payment of his own order.
type (
	// StaffRefund asks for money back in the name of support. It is refused rather than cut down to what is left.
	StaffRefund struct {
		Cause  string
		Amount money.Money // the zero value: all that is left
		By     string      // the user who asks
		Limits *Limits     // nil: he may give back any amount alone
	}

	// Confirmation: a second person agrees to a refund.
	Confirmation struct{ RefundID, By string }

	// Rejection: somebody ends a refund that nobody has confirmed. Who asked for it may do so too.
	Rejection struct{ RefundID, By string }
)

// Limits are what a person may give back without a second one, in minor units of one currency; of another one it is nothing.
type Limits struct {
	Currency string
	Payment  int64 // of one payment in all, whoever asks for the parts
	Today    int64 // what is left of the person's own day
}

func (StaffRefund) isInput()  {}
func (Confirmation) isInput() {}
func (Rejection) isInput()    {}

// askByStaff makes a refund, which awaits a second person where one is needed. A refund that is there already is the answer
// again.
func askByStaff(p Payment, in StaffRefund) (Payment, Outcome, error) {
	if p.ownedBy(in.By) {
		return p, Outcome{}, ErrOwnPayment
	}
	if p.byCause(in.Cause) >= 0 {
		return p, Outcome{}, nil
	}
	if in.Amount.IsZero() {
		in.Amount = p.Left()
	}
	if err := refundable(p, in.Amount); err != nil {
		return p, Outcome{}, err
	}
	r := Refund{Cause: in.Cause, Amount: in.Amount, State: RefundPending, AskedBy: in.By}
	if in.Limits != nil && in.Limits.exceeded(p, r.Amount) || nearlyCancels(p, r.Amount) {
		r.State = RefundAwaiting
	}
	next, out := add(p, r, Outcome{})
	return next, out, nil
}

// partAlone is the part of what was captured, one in so many, up to which money goes back before goods have left without a
// second person: above half it is rather a cancellation than a rebate.
const partAlone = 2

// nearlyCancels says whether, with this amount, more than the part goes back of an order whose goods are not known to have left.
// All refunds of the payment count that are done or on their way, whoever asked for them: many small ones are one large one.
func nearlyCancels(p Payment, amount money.Money) bool {
	back := p.Captured.Amount - p.Left().Amount + amount.Amount
	return p.Dispatch != Dispatched && !p.Unwanted && back > p.Captured.Amount/partAlone
}

func (l Limits) exceeded(p Payment, m money.Money) bool {
	return m.Currency != l.Currency || m.Amount > l.Today || m.Amount > l.Payment-givenAlone(p)
}

func (p Payment) ownedBy(userID string) bool { return userID != "" && userID == p.CustomerID }

// refundable says whether staff may give back an amount now. Everything before any goods have left is refused: only a
// cancellation stops the warehouse too. Where that is not known, the second person looks whether they have.
func refundable(p Payment, amount money.Money) error {
	left, held := p.Left(), p.Held()
	switch {
	case p.State != Captured:
		return ErrNotCaptured
	case amount.Currency != left.Currency || amount.Amount < 0:
		return ErrAmount
	case p.Dispute.Blocks():
		return ErrDisputed
	case held.Amount > 0 && (left.Amount == 0 || amount.Amount > left.Amount && amount.Amount <= left.Amount+held.Amount):
		return &PendingError{Pending: held, Left: left}
	case left.Amount == 0:
		return ErrNothingLeft
	case amount.Amount > left.Amount:
		return ErrExceedsLeft
	case amount.Amount == left.Amount && p.Dispatch == NotDispatched && !p.Unwanted:
		return ErrCancelInstead
	}
	return chargeableStep(amount)
}

// givenAlone is what people have given back of the payment without a second one.
func givenAlone(p Payment) (sum int64) {
	for _, r := range p.Refunds {
		if r.AskedBy != "" && r.ConfirmedBy == "" && (r.open() || r.State == RefundDone) {
			sum += r.Amount.Amount
		}
	}
	return sum
}

// confirmRefund decides as if the refund were asked for now: it held no money while it waited.
func confirmRefund(p Payment, in Confirmation) (Payment, Outcome, error) {
	at := p.byID(in.RefundID)
	if at < 0 {
		return p, Outcome{}, fmt.Errorf("%s: %w", in.RefundID, ErrNoRefund)
	}
	r := p.Refunds[at]
	switch {
	case p.ownedBy(in.By):
		return p, Outcome{}, ErrOwnPayment
	case r.State != RefundAwaiting:
		return p, Outcome{}, ErrNotAwaiting
	case r.AskedBy == in.By:
		return p, Outcome{}, ErrSamePerson
	}
	if err := refundable(p, r.Amount); err != nil {
		return p, Outcome{}, err
	}
	p.Refunds = slices.Clone(p.Refunds)
	p.Refunds[at].State, p.Refunds[at].ConfirmedBy = RefundPending, in.By
	return p, Outcome{}, nil
}

func rejectRefund(p Payment, in Rejection) (Payment, Outcome, error) {
	at := p.byID(in.RefundID)
	if at < 0 {
		return p, Outcome{}, fmt.Errorf("%s: %w", in.RefundID, ErrNoRefund)
	}
	switch {
	case p.ownedBy(in.By):
		return p, Outcome{}, ErrOwnPayment
	case p.Refunds[at].State != RefundAwaiting:
		return p, Outcome{}, ErrNotAwaiting
	}
	p.Refunds = slices.Clone(p.Refunds)
	p.Refunds[at].State = RefundRejected
	return p, Outcome{}, nil
}

// dropAwaiting rejects what nobody has confirmed: the order has ended, and all of its money goes back.
func dropAwaiting(p Payment) Payment {
	p.Refunds = slices.Clone(p.Refunds)
	for i := range p.Refunds {
		if p.Refunds[i].State == RefundAwaiting {
			p.Refunds[i].State = RefundRejected
		}
	}
	return p
}
