package domain

import (
	"fmt"
	"slices"
)

// Outcome is what follows from a decision beside the new state. Deltas belong to the stock rows that were locked for it.
type Outcome struct {
	Messages  []Message
	Deltas    []Delta
	Movements []Movement
}

// Decide returns the fulfilment after the input, and what follows: the table of the saga, one case per input. The
// same fulfilment and no outcome mean that the input changes nothing: it came before, or too late to matter. After
// an error the input is refused (a command) or parked (a message), and nothing changed.
//
// Decide reads the stock and does not change it: the caller applies the deltas before the next decision of its batch.
func Decide(f Fulfilment, in Input, stock Stock) (Fulfilment, Outcome, error) {
	switch in := in.(type) {
	case OrderPlaced:
		if f.Status == None {
			return reserve(f, in, stock)
		}
	case OrderConfirmed:
		if f.Status == Reserved {
			f.Status, f.Shipments, f.ShipTo = Allocated, shipmentsOf(f.Reservations), in.ShipTo
		}
	case OrderCancelRequested:
		if f.Status == Reserved || f.Status == Allocated {
			return release(f, ShipmentCancelled{})
		}
	case OrderCancelled:
		if f.Status == None || f.Status == Reserved {
			return release(f)
		}
	case Dispatch:
		return dispatch(f, in)
	case Deliver:
		return deliver(f, in)
	}
	return f, Outcome{}, nil
}

func reserve(f Fulfilment, in OrderPlaced, stock Stock) (Fulfilment, Outcome, error) {
	if err := validLines(in.Lines); err != nil {
		return f, Outcome{}, err
	}
	held, shortages := allocate(in.Lines, stock)
	f.Deadline = in.Deadline
	if shortages != nil {
		f.Status = Rejected
		return f, Outcome{Messages: []Message{StockRejected{Shortages: shortages}}}, nil
	}
	f.Status, f.Reservations = Reserved, held
	out := Outcome{Messages: []Message{StockReserved{Payment: in.Payment}}}
	for _, r := range held {
		out.Deltas = append(out.Deltas, Delta{Key: r.Key, Reserved: r.Quantity})
	}
	return f, out, nil
}

// release frees whatever is held; from none it leaves the tombstone.
func release(f Fulfilment, messages ...Message) (Fulfilment, Outcome, error) {
	out := Outcome{Messages: messages}
	f.Status = Released
	f.Reservations, f.Shipments = slices.Clone(f.Reservations), slices.Clone(f.Shipments)
	for i, r := range f.Reservations {
		f.Reservations[i].Status = Free
		out.Deltas = append(out.Deltas, Delta{Key: r.Key, Reserved: -r.Quantity})
	}
	for i := range f.Shipments {
		f.Shipments[i].Status = ShipmentStopped
	}
	return f, out, nil
}

// dispatch takes the shipment's goods from on hand and from reserved together, so that available stays as it is.
func dispatch(f Fulfilment, in Dispatch) (Fulfilment, Outcome, error) {
	s, err := f.shipment(in.Shipment)
	switch {
	case err != nil:
		return f, Outcome{}, err
	case s.Status != ShipmentPending:
		return f, Outcome{}, ErrShipmentLeft
	}
	s.Status, s.TrackingNumber = ShipmentInTransit, in.TrackingNumber
	f = f.with(s)
	f.Status, f.Reservations = Dispatched, slices.Clone(f.Reservations)
	out := Outcome{Messages: []Message{ShipmentDispatched{Number: s.Number, Of: len(f.Shipments), TrackingNumber: in.TrackingNumber}}}
	for i, r := range f.Reservations {
		if r.WarehouseID != s.WarehouseID {
			continue
		}
		f.Reservations[i].Status = Sold
		out.Deltas = append(out.Deltas, Delta{Key: r.Key, OnHand: -r.Quantity, Reserved: -r.Quantity})
		out.Movements = append(out.Movements, Movement{Key: r.Key, Kind: MovementSale, Quantity: -r.Quantity, Cause: f.OrderID})
	}
	return f, out, nil
}

func deliver(f Fulfilment, in Deliver) (Fulfilment, Outcome, error) {
	s, err := f.shipment(in.Shipment)
	switch {
	case err != nil:
		return f, Outcome{}, err
	case s.Status == ShipmentPending:
		return f, Outcome{}, ErrNotDispatched
	case s.Status == ShipmentHandedOver:
		return f, Outcome{}, ErrDelivered
	}
	s.Status = ShipmentHandedOver
	return f.with(s), Outcome{Messages: []Message{ShipmentDelivered{Number: s.Number, Of: len(f.Shipments)}}}, nil
}

// shipment returns the shipment that a command names. There are shipments to send only while the order is firm.
func (f Fulfilment) shipment(number int) (Shipment, error) {
	switch {
	case f.Status != Allocated && f.Status != Dispatched:
		return Shipment{}, ErrNotAllocated
	case number < 1 || number > len(f.Shipments):
		return Shipment{}, ErrNoShipment
	}
	return f.Shipments[number-1], nil
}

func (f Fulfilment) with(s Shipment) Fulfilment {
	f.Shipments = slices.Clone(f.Shipments)
	f.Shipments[s.Number-1] = s
	return f
}

// maxQuantity keeps sums of lines far from the range of int64.
const maxQuantity = 1_000_000

func validLines(lines []Line) error {
	if len(lines) == 0 {
		return ErrNoLines
	}
	for _, l := range lines {
		if l.Quantity < 1 || l.Quantity > maxQuantity {
			return fmt.Errorf("product %s: %w", l.ProductID, ErrQuantity)
		}
	}
	return nil
}
