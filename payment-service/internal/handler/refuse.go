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
	{domain.ErrNothingLeft, fault.New(fault.Conflict, "nothing_to_refund", "All of it has been given back, or is on its way.")},
	{domain.ErrExceedsLeft, fault.New(fault.Conflict, "refund_exceeds_capture", "That is more than is left to give back.")},
	{domain.ErrAmount, fault.New(fault.Invalid, "currency_mismatch", "The payment is in another currency.").
		WithField("body.amount.currency", "is not the payment's")},
}

// refuse gives an error of the domain its meaning for clients; other errors have theirs already.
func refuse(err error) error {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.fault.Wrap(err)
		}
	}
	return err
}
