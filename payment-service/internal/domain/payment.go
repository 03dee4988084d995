package domain

import "marketplace/shared/money"

// State is where a payment stands. What people see is Payment.Status.
type State string

const (
	None           State = "none"            // nothing is known of the order yet
	Processing     State = "processing"      // to be charged; no call can have left
	Called         State = "called"          // an attempt is marked: money may have moved
	RequiresAction State = "requires_action" // the shopper has to authenticate (3-D Secure)
	Voiding        State = "voiding"         // the intent is alive and has to be cancelled at the processor
	Captured       State = "captured"        // the money is here; refunds are rows of their own
	Failed         State = "failed"          // no money, and the order knows
	Voided         State = "voided"          // no money, and nobody wants any
)

// Payment is what is known about the money of one order. It is a value: Decide returns a new one and shares no slice
// that it changes.
type Payment struct {
	ID         string // UUIDv7
	OrderID    string
	CustomerID string
	Amount     money.Money     // what the order costs
	Asked      ProcessorAmount // of the processor, since the attempt was marked; see Charge
	Method     string
	State      State
	Unwanted   bool     // never cleared
	Uncertain  bool     // the last answer of a call was none, or not a certain one
	IntentID   string   // the processor's, as soon as a fact names it
	Card       Card     // of the latest attempt, as soon as a fact shows it
	Failure    *Failure // why the order is, or will be, told that there is no money
	Captured   money.Money
	Dispatch   Dispatch
	Dispute    Dispute // as it was when the processor's books were last read
	Refunds    []Refund
	Asking     Asking
}

// Dispatch says whether goods of the order have left: a refund of everything is a decision then, and no cancellation.
type Dispatch string

const (
	NotDispatched Dispatch = ""
	Dispatched    Dispatch = "dispatched"

	// DispatchUnknown is that of a payment that was captured by a version that did not hear of shipments. It ends with the next
	// shipment of the order, if there is one.
	DispatchUnknown Dispatch = "unknown"
)

// New returns the payment of an order of which nothing is known.
func New(id, orderID string) Payment { return Payment{ID: id, OrderID: orderID, State: None} }

// Key is the idempotency key of every call that charges this payment. It never changes.
func (p Payment) Key() string { return "pay_" + p.ID }

// Card is what is shown of the card that was charged.
type Card struct{ Brand, Last4 string }

// Failure is why there is no money: the processor's code, and words for people.
type Failure struct{ Code, Message string }

// Status is what people see of a payment.
type Status string

const (
	StatusProcessing        Status = "processing"
	StatusUnknown           Status = "unknown" // a call got no certain answer; the reconciler finds out
	StatusRequiresAction    Status = "requires_action"
	StatusCaptured          Status = "captured"
	StatusPartiallyRefunded Status = "partially_refunded"
	StatusRefunded          Status = "refunded"
	StatusVoided            Status = "voided"
	StatusFailed            Status = "failed"
)

// Status derives what people see. A refund counts when it is done. A payment that failed stays so while the intent that it
// left behind is cancelled at the processor, and after.
func (p Payment) Status() Status {
	switch p.State {
	case Called:
		if p.Uncertain {
			return StatusUnknown
		}
	case RequiresAction:
		return StatusRequiresAction
	case Failed:
		return StatusFailed
	case Voiding, Voided:
		if p.Unwanted && p.Failure != nil {
			return StatusFailed
		}
		if p.State == Voided {
			return StatusVoided
		}
	case Captured:
		switch back := p.Refunded().Amount; {
		case back == 0:
			return StatusCaptured
		case back < p.Captured.Amount:
			return StatusPartiallyRefunded
		}
		return StatusRefunded
	}
	return StatusProcessing
}

// Refunded is the sum of the refunds that are done.
func (p Payment) Refunded() money.Money { return p.sum(RefundDone) }

// Held is the sum of the refunds that may still take their money: those pending, and those that need attention. A refund that is
// unbooked has taken it already, above the capture, and holds none.
func (p Payment) Held() money.Money {
	held := p.sum(RefundPending)
	for _, r := range p.Refunds {
		if r.State == RefundAttention && !r.aboveCapture() {
			held.Amount += r.Amount.Amount
		}
	}
	return held
}

// Left is what could still be refunded: captured, less what is done and what is held.
func (p Payment) Left() money.Money {
	left := p.Captured
	left.Amount -= p.sum(RefundDone).Amount + p.Held().Amount
	return left
}

// sum cannot overflow: live refunds never exceed what was captured.
func (p Payment) sum(state RefundState) money.Money {
	sum := money.Money{Currency: p.Captured.Currency}
	for _, r := range p.Refunds {
		if r.State == state {
			sum.Amount += r.Amount.Amount
		}
	}
	return sum
}
