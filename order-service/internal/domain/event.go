package domain

import "marketplace/shared/money"

// Event is something that happened to an order. The events of an order, in sequence, are its truth and the timeline
// that people read; what is written stays readable for ever, so a type is added rather than changed.
type Event interface {
	// Type is the event's stable name, as stored and shown.
	Type() string
}

type (
	// OrderPlaced is always the first. It holds the whole order as placed.
	OrderPlaced struct{ Order Order }

	// OrderConfirmed: the money is captured, and it is the order's total.
	OrderConfirmed struct{ Captured money.Money }

	// CancelRequested: a confirmed order asks the warehouse whether its shipments can still be stopped.
	CancelRequested struct{ Reason CancelReason }

	// OrderCancelled: the order ends; stock and money go back.
	OrderCancelled struct{ Reason CancelReason }

	// CancellationTooLate: a shipment had left before the warehouse could stop it. The order goes on.
	CancellationTooLate struct{}
)

func (OrderPlaced) Type() string         { return "order.placed" }
func (StockReserved) Type() string       { return "stock.reserved" }
func (OrderConfirmed) Type() string      { return "order.confirmed" }
func (CancelRequested) Type() string     { return "order.cancel_requested" }
func (OrderCancelled) Type() string      { return "order.cancelled" }
func (CancellationTooLate) Type() string { return "order.cancellation_too_late" }
func (ShipmentDispatched) Type() string  { return "shipment.dispatched" }
func (ShipmentDelivered) Type() string   { return "shipment.delivered" }
func (PaymentRefunded) Type() string     { return "payment.refunded" }

// Message is a kind of message that the order sends to the other services of the saga.
type Message string

const (
	MessagePlaced          Message = "order.placed"           // to the warehouse: reserve
	MessageConfirmed       Message = "order.confirmed"        // to the warehouse: the reservation is firm
	MessageCancelRequested Message = "order.cancel_requested" // to the warehouse: stop the shipments
	MessageCancelled       Message = "order.cancelled"        // to warehouse and payment: release, void, refund
)

// MessageOf returns the message that follows from an event; false when nobody else needs to know.
func MessageOf(e Event) (Message, bool) {
	switch e.(type) {
	case OrderPlaced:
		return MessagePlaced, true
	case OrderConfirmed:
		return MessageConfirmed, true
	case CancelRequested:
		return MessageCancelRequested, true
	case OrderCancelled:
		return MessageCancelled, true
	}
	return "", false
}

// CancelCode is the machine-readable reason of a cancellation.
type CancelCode string

const (
	CancelledByCustomer CancelCode = "cancelled_by_customer"
	CancelledBySupport  CancelCode = "cancelled_by_support"
	TimedOut            CancelCode = "timed_out"
	OutOfStock          CancelCode = "out_of_stock"
	PaymentDeclined     CancelCode = "payment_declined"
)

// CancelReason says why an order was cancelled; which details it has depends on the code.
type CancelReason struct {
	Code      CancelCode
	Message   string     // for people
	Note      string     // cancelled_by_...: what the person wrote
	Decline   string     // payment_declined: the processor's code
	Shortages []Shortage // out_of_stock
}

// Shortage is a product of which there was less than the order wants.
type Shortage struct {
	ProductID         string
	Wanted, Available int64
}
