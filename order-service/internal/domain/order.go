package domain

import (
	"slices"
	"time"

	"marketplace/shared/money"
)

// Status is where the order stands. The zero value means that there is no order yet.
type Status string

const (
	Pending          Status = "pending"           // placed; stock and payment are asked for
	Reserved         Status = "reserved"          // stock is held; the payment is under way
	Confirmed        Status = "confirmed"         // paid; shipments wait to be picked
	Cancelling       Status = "cancelling"        // the warehouse is asked whether it can still stop the shipments
	Cancelled        Status = "cancelled"         // the end: stock and money go back
	PartiallyShipped Status = "partially_shipped" // a shipment left, not all
	Shipped          Status = "shipped"           // all shipments left
	Delivered        Status = "delivered"         // the end: all shipments arrived
)

// Settled says whether the shopper has an answer: no step of the saga is awaited that could still confirm or cancel.
func (s Status) Settled() bool { return s != Pending && s != Reserved && s != Cancelling }

// PaymentStatus is what the order knows of its payment; payment-service knows more, and earlier.
type PaymentStatus string

const (
	PaymentStatusProcessing        PaymentStatus = "processing"
	PaymentStatusCaptured          PaymentStatus = "captured"
	PaymentStatusPartiallyRefunded PaymentStatus = "partially_refunded"
	PaymentStatusRefunded          PaymentStatus = "refunded"
	PaymentStatusVoided            PaymentStatus = "voided" // cancelled before a capture was known; a late one is refunded
	PaymentStatusFailed            PaymentStatus = "failed"
)

// Order is the fold of its events. It is a value: Fold returns a new one and shares no slice that it changes.
type Order struct {
	ID            string // UUIDv7
	Number        string // what people say on the telephone
	CustomerID    string
	Lines         []Line // one per product
	Total         money.Money
	Address       Address
	PaymentMethod string // a stored method's id, or one of the processor's test methods
	Status        Status
	CancelReason  *CancelReason // nil unless cancelling or cancelled
	PaymentStatus PaymentStatus
	Refunded      money.Money // so far; the zero value before the first refund
	Shipments     int         // how many the order has; 0 until the first shipment event tells
	Left          Numbers     // shipments that were dispatched
	Arrived       Numbers     // shipments that were delivered; a subset of Left
	PlacedAt      time.Time
	Deadline      time.Time
	Version       int // the number of events, which is the sequence number of the last one
}

// Line is one product of an order, at the price of the moment it was placed.
type Line struct {
	ProductID string
	SellerID  string
	SKU       string
	Name      string
	Quantity  int64
	UnitPrice money.Money
	Total     money.Money // set by Place: UnitPrice times Quantity
}

// Address is where the order goes. It is a copy: the customer may change theirs later.
type Address struct {
	Name, Line1, Line2, City, Region, PostalCode, Country, Phone string
}

// Numbers is a sorted set of shipment numbers, 1 to n.
type Numbers []int

// Has says whether the set holds n.
func (s Numbers) Has(n int) bool {
	_, found := slices.BinarySearch(s, n)
	return found
}

// With returns the set and n; the receiver stays as it is.
func (s Numbers) With(n int) Numbers {
	at, found := slices.BinarySearch(s, n)
	if found {
		return s
	}
	return slices.Insert(slices.Clone(s), at, n)
}

// Fold returns the order after the event. It decides nothing: whatever happened, happened.
func Fold(o Order, e Event) Order {
	o.Version++
	switch e := e.(type) {
	case OrderPlaced:
		e.Order.Version = o.Version
		return e.Order
	case StockReserved:
		o.Status = Reserved
	case OrderConfirmed:
		o.Status = Confirmed
		o = paid(o, PaymentStatusCaptured)
	case CancelRequested:
		o.Status, o.CancelReason = Cancelling, &e.Reason
	case OrderCancelled:
		o.Status, o.CancelReason = Cancelled, &e.Reason
		o = unpaid(o, e.Reason.Code)
	case CancellationTooLate:
		o.CancelReason = nil // the shipment event that follows says where the order stands
	case ShipmentDispatched:
		o = shipped(o, e.Number, e.Of)
	case ShipmentDelivered:
		o.Arrived = o.Arrived.With(e.Number)
		o = shipped(o, e.Number, e.Of)
	case PaymentRefunded:
		o.Refunded = e.Refunded
		o = paid(o, o.PaymentStatus)
	}
	return o
}

// shipped notes that a shipment left; the status follows from the two sets.
func shipped(o Order, number, of int) Order {
	o.Left, o.Shipments = o.Left.With(number), of
	switch {
	case len(o.Arrived) == of:
		o.Status = Delivered
	case len(o.Left) == of:
		o.Status = Shipped
	default:
		o.Status = PartiallyShipped
	}
	return o
}

// unpaid is the payment of an order that was cancelled: declined, or not known to be captured, or captured before.
func unpaid(o Order, code CancelCode) Order {
	switch {
	case code == PaymentDeclined:
		return paid(o, PaymentStatusFailed)
	case o.PaymentStatus == PaymentStatusProcessing:
		return paid(o, PaymentStatusVoided)
	}
	return o
}

// paid sets the payment's status. What is known to be refunded weighs more, because that message may come first.
func paid(o Order, s PaymentStatus) Order {
	switch {
	case o.Refunded.IsZero():
		o.PaymentStatus = s
	case o.Refunded.Amount < o.Total.Amount:
		o.PaymentStatus = PaymentStatusPartiallyRefunded
	default:
		o.PaymentStatus = PaymentStatusRefunded
	}
	return o
}
