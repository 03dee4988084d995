package domain

import "errors"

var (
	// ErrStock means a change that would leave 0 <= reserved <= on hand.
	ErrStock = errors.New("stock would leave its bounds")

	// ErrQuantity means a quantity that is not between 1 and a million.
	ErrQuantity = errors.New("a quantity is between 1 and 1000000")

	// ErrNoLines means an order or a supply of nothing.
	ErrNoLines = errors.New("at least one line is needed")
)

// What the commands on a shipment answer.
var (
	ErrNoShipment    = errors.New("the order has no such shipment")
	ErrNotAllocated  = errors.New("the order has nothing to send: not paid, or cancelled")
	ErrShipmentLeft  = errors.New("the shipment has left already")
	ErrNotDispatched = errors.New("the shipment has not left yet")
	ErrDelivered     = errors.New("the shipment was delivered already")
)

// What the commands on a supply answer.
var (
	ErrSupplyClosed = errors.New("the supply is received or cancelled")
	ErrNotOnSupply  = errors.New("the product is not on the supply")
	ErrOverReceipt  = errors.New("more than was ordered")
)

// What requests about warehouses, supplies and products answer.
var (
	ErrNoWarehouse   = errors.New("there is no such warehouse")
	ErrWarehouseCode = errors.New("another warehouse has the code")
	ErrNoSupply      = errors.New("there is no such supply")
	ErrNoProduct     = errors.New("there is no such product")
)

// UnknownProductsError means that the catalogue does not know the products of some lines.
type UnknownProductsError struct{ Positions []int }

func (e *UnknownProductsError) Error() string { return "the catalogue does not know some products" }
