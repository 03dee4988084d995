package domain

import "marketplace/shared/money"

// Input is what an order decides about: a command, or a fact that another service reports.
type Input interface{ isInput() }

// Canceller is who asks for a cancellation.
type Canceller int

const (
	ByCustomer Canceller = iota
	BySupport
)

// Commands.
type (
	// Cancel asks to cancel. Asking twice is asking once.
	Cancel struct {
		By   Canceller
		Note string
	}

	// DeadlinePassed is what the sweeper says. Decide looks at the clock itself.
	DeadlinePassed struct{}
)

// Facts from outside, named as their messages. StockReserved, PaymentRefunded and those of a shipment on its way are
// recorded as they came: they are events too.
type (
	// StockReserved: the warehouse holds every line.
	StockReserved struct{}

	// StockRejected: the warehouse holds nothing, because of these.
	StockRejected struct{ Shortages []Shortage }

	// PaymentCaptured: the money is ours.
	PaymentCaptured struct{ Amount money.Money }

	// PaymentFailed: there will be no money.
	PaymentFailed struct{ Code, Message string }

	// PaymentRefunded: money went back to the customer.
	PaymentRefunded struct {
		Amount   money.Money // this time
		Refunded money.Money // in all, this time included
		Cause    string      // what for, as payment-service names it; empty from a version that did not say it
	}

	// ShipmentCancelled: the warehouse stopped the shipments and released the stock.
	ShipmentCancelled struct{}

	// ShipmentDispatched: shipment Number (from 1) of Of left the warehouse.
	ShipmentDispatched struct {
		Number, Of int
		Tracking   string
	}

	// ShipmentDelivered: shipment Number of Of arrived.
	ShipmentDelivered struct{ Number, Of int }
)

func (Cancel) isInput()             {}
func (DeadlinePassed) isInput()     {}
func (StockReserved) isInput()      {}
func (StockRejected) isInput()      {}
func (PaymentCaptured) isInput()    {}
func (PaymentFailed) isInput()      {}
func (PaymentRefunded) isInput()    {}
func (ShipmentCancelled) isInput()  {}
func (ShipmentDispatched) isInput() {}
func (ShipmentDelivered) isInput()  {}
