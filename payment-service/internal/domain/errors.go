package domain

import "errors"

var (
	// ErrAmount means an amount that is not positive, or not in the payment's currency.
	ErrAmount = errors.New("the amount is not positive or not in the payment's currency")

	// ErrNotCaptured means a refund of money that is not here.
	ErrNotCaptured = errors.New("the payment is not captured")

	// ErrNoRefund means an answer about a refund that nobody asked for.
	ErrNoRefund = errors.New("the payment has no refund of this cause")
)
