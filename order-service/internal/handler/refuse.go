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
	if unpayable, ok := errors.AsType[domain.TotalError](err); ok {
		return totalFault(unpayable)
	}
	if limited, ok := errors.AsType[domain.LimitError](err); ok {
		return limitFault(limited)
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

// totalFault says what a total could be instead. Amounts are in the currency's minor unit.
func totalFault(e domain.TotalError) error {
	refuse := func(code, message string) *fault.Error { return fault.New(fault.Invalid, code, message).Wrap(e) }
	switch {
	case errors.Is(e, domain.ErrCurrency):
		return refuse("currency_unsupported", "The shop does not take the currency of these products any more.").
			WithDetail("currencies", e.Currencies)
	case errors.Is(e, domain.ErrTotalTooSmall):
		return refuse("total_too_small", "The total is smaller than a card payment can be: order more.").WithDetail("minimum", e.Limits.Min)
	case errors.Is(e, domain.ErrTotalTooLarge):
		return refuse("total_too_large", "The total is larger than a card payment can be.").WithDetail("maximum", e.Limits.Max)
	}
	return refuse("total_step", "No card payment can be made of this total: it is finer than cards are charged in this currency.").
		WithDetail("step", e.Limits.Step)
}

// limits are the refusals of one more order, by their reason.
var limits = []struct {
	reason        error
	kind          fault.Kind
	code, message string
}{
	{domain.ErrTooManyUnits, fault.Invalid, "too_many_units", "An order has at most so many pieces in all."},
	{domain.ErrOpenOrders, fault.TooMany, "too_many_open_orders", "You have too many orders that are not paid yet: pay or cancel one first."},
	{
		domain.ErrOpenUnits, fault.TooMany, "too_many_open_units",
		"You have too many pieces in orders that are not paid yet: pay or cancel one first.",
	},
	{domain.ErrDeclines, fault.TooMany, "too_many_declines", "Too many of your orders ended without being paid: try again later."},
	{
		domain.ErrDeclinesThere, fault.TooMany, "too_many_declines",
		"Too many orders ended without being paid where you are: try again later, or from another network.",
	},
}

// limitFault says which limit is reached, and when to try again.
func limitFault(e domain.LimitError) error {
	for _, l := range limits {
		if errors.Is(e, l.reason) {
			return fault.New(l.kind, l.code, l.message).WithDetail("limit", e.Limit).WithRetryAfter(e.Wait).Wrap(e)
		}
	}
	return e
}
