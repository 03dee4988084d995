package handler

import (
	"errors"
	"fmt"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/fault"
)

var errInvalid = fault.New(fault.Invalid, "invalid", "The request has invalid parts.")

// refusals are the domain's errors as clients see them.
var refusals = []struct {
	err   error
	fault *fault.Error
}{
	{domain.ErrNotPlaced, fault.New(fault.NotFound, "not_found", "There is no such order.")},
	{domain.ErrAlreadyShipped, fault.New(fault.Conflict, "already_shipped", "The order has shipped: send it back instead.")},
	{domain.ErrMixedCurrencies, fault.New(fault.Invalid, "mixed_currencies", "The products of one order have one currency.")},
	{domain.ErrTotalTooLarge, fault.New(fault.Invalid, "total_too_large", "The total is larger than a card payment can be.")},
	{domain.ErrQuantity, errInvalid.WithField("body.items", "have at most 1000 of one product")},
	{domain.ErrEmptyOrder, errInvalid.WithField("body.items", "needs at least one item")},
	{domain.ErrTooManyLines, errInvalid.WithField("body.items", "has at most 100 items")},
}

var errUnavailable = fault.New(fault.Invalid, "product_unavailable", "Some of the products cannot be ordered.")

// refuse gives an error of the domain its meaning for clients; other errors have theirs already.
func refuse(err error) error {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.fault.Wrap(err)
		}
	}
	if missing, ok := errors.AsType[*domain.UnavailableError](err); ok {
		f := errUnavailable
		for _, position := range missing.Positions {
			f = f.WithField(fmt.Sprintf("body.items[%d].product_id", position), "cannot be ordered")
		}
		return f
	}
	return err
}
