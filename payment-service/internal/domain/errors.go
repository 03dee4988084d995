package domain

import "errors"

var (
	// ErrAmount means an amount that is not positive, or not in the payment's currency.
	ErrAmount = errors.New("the amount is not positive or not in the payment's currency")

	// ErrNotCaptured means a refund of money that is not here.
	ErrNotCaptured = errors.New("the payment is not captured")

	// ErrNotFound means a payment that does not exist, or somebody else's.
	ErrNotFound = errors.New("there is no such payment")

	// ErrNothingLeft means that all that was captured has gone back, or is on its way.
	ErrNothingLeft = errors.New("nothing is left to refund")

	// ErrExceedsLeft means a refund of more than is left.
	ErrExceedsLeft = errors.New("the amount is more than is left to refund")

	// ErrNoRefund means an answer about a refund that nobody asked for.
	ErrNoRefund = errors.New("the payment has no refund of this cause")
)
