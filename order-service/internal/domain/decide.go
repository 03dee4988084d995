package domain

import (
	"fmt"
	"time"
)

// Decide returns what happens to the order because of an input: the table of the saga, one case per input. No events
// and no error mean that the input changes nothing: it came before, or too late to matter. After an error the input
// is refused (a command) or parked (a message), and nothing happened.
//
// now is the database's clock, which every replica shares; only the deadline asks for it.
func Decide(o Order, in Input, now time.Time) ([]Event, error) {
	if o.Status == "" {
		return nil, ErrNotPlaced
	}
	open := o.Status == Pending || o.Status == Reserved
	switch in := in.(type) {
	case Cancel:
		return cancel(o, in)
	case DeadlinePassed:
		if open && !now.Before(o.Deadline) {
			return cancelled(CancelReason{Code: TimedOut, Message: "the order was not confirmed in time"})
		}
	case StockReserved:
		if o.Status == Pending {
			return []Event{in}, nil
		}
	case StockRejected:
		if open {
			return cancelled(CancelReason{Code: OutOfStock, Message: "not everything is in stock", Shortages: in.Shortages})
		}
	case PaymentCaptured:
		if open {
			return confirm(o, in)
		}
	case PaymentFailed:
		if open {
			return cancelled(CancelReason{Code: PaymentDeclined, Message: in.Message, Decline: in.Code})
		}
	case PaymentRefunded:
		return noteRefund(o, in)
	case ShipmentCancelled:
		if o.Status == Cancelling {
			return cancelled(*o.CancelReason)
		}
	case ShipmentDispatched:
		return noteShipment(o, in, in.Number, in.Of, o.Left)
	case ShipmentDelivered:
		return noteShipment(o, in, in.Number, in.Of, o.Arrived)
	}
	return nil, nil
}

// Apply decides and folds: the order after the input, and the events that took it there.
func Apply(o Order, in Input, now time.Time) (Order, []Event, error) {
	events, err := Decide(o, in, now)
	for _, e := range events {
		o = Fold(o, e)
	}
	return o, events, err
}

// cancel: an order that is not confirmed ends at once, a confirmed one asks the warehouse. One that is cancelling or
// cancelled is left as it is, so that a second request is answered as the first was.
func cancel(o Order, in Cancel) ([]Event, error) {
	reason := CancelReason{Code: CancelledByCustomer, Message: "cancelled by the customer", Note: in.Note}
	if in.By == BySupport {
		reason.Code, reason.Message = CancelledBySupport, "cancelled by support"
	}
	switch o.Status {
	case Pending, Reserved:
		return cancelled(reason)
	case Confirmed:
		return []Event{CancelRequested{Reason: reason}}, nil
	case PartiallyShipped, Shipped, Delivered:
		return nil, ErrAlreadyShipped
	}
	return nil, nil
}

func cancelled(r CancelReason) ([]Event, error) { return []Event{OrderCancelled{Reason: r}}, nil }

func confirm(o Order, in PaymentCaptured) ([]Event, error) {
	if in.Amount != o.Total {
		return nil, fmt.Errorf("captured %v, total %v: %w", in.Amount, o.Total, ErrAmount)
	}
	return []Event{OrderConfirmed{Captured: in.Amount}}, nil
}

// noteRefund takes the sum that was refunded so far, because messages come in any order: a smaller one is an older one.
func noteRefund(o Order, in PaymentRefunded) ([]Event, error) {
	if in.Refunded.Currency != o.Total.Currency {
		return nil, fmt.Errorf("refunded %v, total %v: %w", in.Refunded, o.Total, ErrAmount)
	}
	if in.Refunded.Amount <= o.Refunded.Amount {
		return nil, nil
	}
	return []Event{in}, nil
}

// noteShipment records a shipment that left or arrived, unless the set holds it already. Goods on their way end a
// cancellation that had not been answered; the timeline says so.
func noteShipment(o Order, fact Event, number, of int, known Numbers) ([]Event, error) {
	switch o.Status {
	case Pending, Reserved, Cancelled:
		return nil, nil
	}
	if number < 1 || number > of || o.Shipments != 0 && o.Shipments != of {
		return nil, fmt.Errorf("shipment %d of %d, known %d: %w", number, of, o.Shipments, ErrShipmentNumber)
	}
	if known.Has(number) {
		return nil, nil
	}
	if o.Status == Cancelling {
		return []Event{CancellationTooLate{}, fact}, nil
	}
	return []Event{fact}, nil
}
