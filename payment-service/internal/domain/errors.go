package domain

import (
	"errors"

	"marketplace/shared/money"
)

var (
	// ErrAmount means an amount that is not positive, or not in the payment's currency.
	ErrAmount = errors.New("the amount is not positive or not in the payment's currency")

	// ErrNotCaptured means a refund of money that is not here.
	ErrNotCaptured = errors.New("the payment is not captured")

	// ErrNotFound means a payment that does not exist, or somebody else's.
	ErrNotFound = errors.New("there is no such payment")

	// ErrNothingLeft means that all that was captured has gone back.
	ErrNothingLeft = errors.New("nothing is left to refund")

	// ErrExceedsLeft means a refund of more than is left.
	ErrExceedsLeft = errors.New("the amount is more than is left to refund")

	// ErrRefundPending means a refund that would fit if others were not on their way. See PendingError.
	ErrRefundPending = errors.New("other refunds are on their way")

	// ErrNoRefund means an answer about a refund that nobody asked for.
	ErrNoRefund = errors.New("the payment has no refund of this cause")

	// ErrCancelInstead means a refund of everything while no goods have left: the warehouse would send them all the same.
	ErrCancelInstead = errors.New("no goods have left: the order has to be cancelled instead")

	// ErrOwnPayment means that somebody decides about a refund of his own order.
	ErrOwnPayment = errors.New("nobody decides about a refund of his own order")

	// ErrSamePerson means that the person who asked for a refund confirms it.
	ErrSamePerson = errors.New("another person than the one who asked has to confirm")

	// ErrNotAwaiting means a decision about a refund that does not wait for one any more.
	ErrNotAwaiting = errors.New("the refund does not await a confirmation")

	// ErrNoAttention means a settlement by hand of a refund that needs none.
	ErrNoAttention = errors.New("the refund does not need attention")

	// ErrMadeElsewhere means a settlement that says how the money went back, of a refund that the processor itself shows.
	ErrMadeElsewhere = errors.New("the processor shows how this money went back")

	// ErrDisputed means a refund of a payment whose charge is disputed: the bank decides where the money goes.
	ErrDisputed = errors.New("the charge is disputed")
)

// PendingError is ErrRefundPending with the amounts.
type PendingError struct{ Pending, Left money.Money }

// Error implements error.
func (e *PendingError) Error() string {
	return ErrRefundPending.Error() + ": " + e.Pending.String() + "; left is " + e.Left.String()
}

// Unwrap returns ErrRefundPending.
func (e *PendingError) Unwrap() error { return ErrRefundPending }
