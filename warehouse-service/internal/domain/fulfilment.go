package domain

import (
	"slices"
	"time"
)

// Status is where the fulfilment of an order stands.
type Status string

const (
	None       Status = "none"       // nothing is known of the order yet
	Reserved   Status = "reserved"   // every line is held until the order says what follows
	Rejected   Status = "rejected"   // the end: some line was short, nothing was held
	Released   Status = "released"   // the end: what was held is free again, or never was
	Allocated  Status = "allocated"  // the order is paid; shipments wait to be picked
	Dispatched Status = "dispatched" // at least one shipment left; there is no way back
)

// Fulfilment is what the warehouse does about one order. It is a value: Decide returns a new one and shares no slice
// that it changes.
type Fulfilment struct {
	OrderID      string
	Status       Status
	Deadline     time.Time // the order's; nothing is released by it
	Reservations []Reservation
	Shipments    []Shipment // from allocated on; one per warehouse, numbered from 1
	ShipTo       []byte     // where they go; nil before
}

// New returns the fulfilment of an order of which nothing is known.
func New(orderID string) Fulfilment { return Fulfilment{OrderID: orderID, Status: None} }

// ReservationStatus is what became of a reservation.
type ReservationStatus string

const (
	Active ReservationStatus = "active"
	Free   ReservationStatus = "released"
	Sold   ReservationStatus = "sold"
)

// Reservation is the part of a stock row that belongs to an order. There is one per order and row.
type Reservation struct {
	Key
	Quantity int64
	Status   ReservationStatus
}

// ShipmentStatus is where a shipment stands.
type ShipmentStatus string

const (
	ShipmentPending    ShipmentStatus = "pending"
	ShipmentStopped    ShipmentStatus = "cancelled"
	ShipmentInTransit  ShipmentStatus = "dispatched"
	ShipmentHandedOver ShipmentStatus = "delivered"
)

// Shipment is what one warehouse sends for an order: its reservations. Order and number identify it.
type Shipment struct {
	Number         int
	WarehouseID    string
	Status         ShipmentStatus
	TrackingNumber string
}

// shipmentsOf returns one shipment per warehouse, in the order of the reservations.
func shipmentsOf(reservations []Reservation) (shipments []Shipment) {
	for _, r := range reservations {
		if !slices.ContainsFunc(shipments, func(s Shipment) bool { return s.WarehouseID == r.WarehouseID }) {
			shipments = append(shipments, Shipment{Number: len(shipments) + 1, WarehouseID: r.WarehouseID, Status: ShipmentPending})
		}
	}
	return shipments
}
