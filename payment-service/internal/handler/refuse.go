package handler

import (
	"errors"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/fault"
)

// refusals are the domain's errors as clients see them.
var refusals = []struct {
	err   error
	fault *fault.Error
}{
	{domain.ErrNotFound, fault.New(fault.NotFound, "not_found", "There is no such payment.")},
	{domain.ErrNotCaptured, fault.New(fault.Conflict, "nothing_to_refund", "Nothing was captured that could be given back.")},
	{domain.ErrNothingLeft, fault.New(fault.Conflict, "nothing_to_refund", "All of it has been given back.")},
	{domain.ErrCancelInstead, fault.New(fault.Conflict, "cancel_instead", "No goods have left: cancel the order instead, which gives all of it back and stops the warehouse.")},
	{domain.ErrDisputed, fault.New(fault.Conflict, "payment_disputed", "The cardholder's bank decides about this money: nothing can be given back.")},
	{domain.ErrOwnPayment, fault.New(fault.Forbidden, "own_payment", "Nobody decides about a refund of an order of his own.")},
	{domain.ErrSamePerson, fault.New(fault.Forbidden, "second_person_required", "Another person than the one who asked has to confirm.")},
	{domain.ErrNotAwaiting, fault.New(fault.Conflict, "refund_not_awaiting", "The refund does not await a confirmation.")},
	{domain.ErrNoAttention, fault.New(fault.Conflict, "refund_needs_no_attention", "The refund does not need attention.")},
	{domain.ErrMadeElsewhere, fault.New(fault.Conflict, "refund_made_elsewhere", "The processor shows how this money went back: it can only be looked at again, or abandoned.")},
	{domain.ErrNoRefund, fault.New(fault.NotFound, "not_found", "The payment has no such refund.")},
	{domain.ErrExceedsLeft, fault.New(fault.Conflict, "refund_exceeds_capture", "That is more than is left to give back.")},
	{domain.ErrInexact, fault.New(fault.Invalid, "refund_step", "The amount is finer than cards are charged in this currency.").
		WithField("body.amount.amount", "is no multiple of what can be charged")},
	{domain.ErrAmount, fault.New(fault.Invalid, "currency_mismatch", "The payment is in another currency.").
		WithField("body.amount.currency", "is not the payment's")},
}

var errPending = fault.New(fault.Conflict, "refund_pending",
	"Other refunds are on their way: wait until they are done, or give back no more than is left.")

// refuse gives an error of the domain its meaning for clients; other errors have theirs already.
func refuse(err error) error {
	if pending, ok := errors.AsType[*domain.PendingError](err); ok {
		return errPending.WithDetail("pending", pending.Pending).WithDetail("left", pending.Left).Wrap(err)
	}
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.fault.Wrap(err)
		}
	}
	return err
}
