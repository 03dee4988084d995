package domain

import "time"

// Input is what a fulfilment decides about: a message of the order, or a command of the people in the warehouse.
type Input interface{ isInput() }

// Messages of the order, named as they are on the bus.
type (
	// OrderPlaced asks to hold every line. Payment is the order's payment envelope: the warehouse does not read it
	// and hands it on with stock.reserved, so that payment-service needs no second message.
	OrderPlaced struct {
		Lines    []Line
		Deadline time.Time
		Payment  []byte
	}

	// OrderConfirmed: the money is captured; the reservation is firm. ShipTo is where the shipments go, unread here.
	OrderConfirmed struct{ ShipTo []byte }

	// OrderCancelRequested asks to stop the shipments, if none has left.
	OrderCancelRequested struct{}

	// OrderCancelled: the order has ended without goods.
	OrderCancelled struct{}
)

// Commands.
type (
	// Dispatch: the shipment leaves.
	Dispatch struct {
		Shipment       int
		TrackingNumber string
	}

	// Deliver: the shipment arrived.
	Deliver struct{ Shipment int }
)

func (OrderPlaced) isInput()          {}
func (OrderConfirmed) isInput()       {}
func (OrderCancelRequested) isInput() {}
func (OrderCancelled) isInput()       {}
func (Dispatch) isInput()             {}
func (Deliver) isInput()              {}

// Message is what the other services of the saga are told.
type Message interface {
	// Type is the message's name on the bus.
	Type() string
}

type (
	// StockReserved: every line is held.
	StockReserved struct{ Payment []byte }

	// StockRejected: nothing is held, because of these.
	StockRejected struct{ Shortages []Shortage }

	// ShipmentCancelled: the shipments are stopped and the stock is free.
	ShipmentCancelled struct{}

	// ShipmentDispatched: shipment Number of Of left.
	ShipmentDispatched struct {
		Number, Of     int
		TrackingNumber string
	}

	// ShipmentDelivered: shipment Number of Of arrived.
	ShipmentDelivered struct{ Number, Of int }
)

func (StockReserved) Type() string      { return "stock.reserved" }
func (StockRejected) Type() string      { return "stock.rejected" }
func (ShipmentCancelled) Type() string  { return "shipment.cancelled" }
func (ShipmentDispatched) Type() string { return "shipment.dispatched" }
func (ShipmentDelivered) Type() string  { return "shipment.delivered" }
