package domain

import "errors"

// What Place refuses.
var (
	ErrEmptyOrder      = errors.New("an order needs at least one line")
	ErrTooManyLines    = errors.New("an order has at most 100 lines")
	ErrQuantity        = errors.New("a quantity is between 1 and 1000, duplicate lines taken together")
	ErrPrice           = errors.New("a price is positive")
	ErrMixedCurrencies = errors.New("the lines of an order have one currency")
	ErrCurrency        = errors.New("the shop does not take this currency")
	ErrTotalTooSmall   = errors.New("the total is smaller than a card payment can be")
	ErrTotalTooLarge   = errors.New("the total is larger than a card payment can be")
	ErrTotalStep       = errors.New("the total is finer than cards are charged in its currency")
	ErrDeadline        = errors.New("the deadline lies after the moment of placing")
)

// What Decide refuses.
var (
	// ErrAlreadyShipped answers a cancel that comes when goods are on their way: a return is the way back.
	ErrAlreadyShipped = errors.New("the order has shipped already")

	// ErrNotPlaced means a fact about an order that has no events.
	ErrNotPlaced = errors.New("the order was never placed")

	// ErrAmount means money other than the order's: a captured amount that is not the total, a refund in
	// another currency. Somebody has to look.
	ErrAmount = errors.New("the amount does not match the order")

	// ErrShipmentNumber means a shipment outside 1 to n, or another n than before.
	ErrShipmentNumber = errors.New("the shipment does not match the order")
)
