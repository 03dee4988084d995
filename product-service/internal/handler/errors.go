package handler

import (
	"errors"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/fault"
)

var errInvalid = fault.New(fault.Invalid, "invalid", "The request has invalid parts.")

// codes are the domain's errors as clients see them.
var codes = []struct {
	err   error
	fault *fault.Error
}{
	{domain.ErrNotFound, fault.New(fault.NotFound, "not_found", "There is no such product.")},
	{domain.ErrArchived, fault.New(fault.Conflict, "product_archived", "An archived product does not change any more.")},
	{domain.ErrTransition, fault.New(fault.Conflict, "status_not_allowed", "A published product cannot become a draft again.")},
	{domain.ErrSKUTaken, fault.New(fault.Conflict, "sku_taken", "You already have a product with this SKU.")},
	{domain.ErrCategoryUsed, fault.New(fault.Conflict, "category_in_use", "There are products in this category.")},
	{domain.ErrCategoryTaken, fault.New(fault.Conflict, "category_name_taken", "There is a category with this name.")},
}

var (
	errNoCategory = fault.New(fault.NotFound, "not_found", "There is no such category.")
	// errUnknownCategory is for a product that names a category, errNoCategory for the category's own address.
	errUnknownCategory = fault.New(fault.Invalid, "category_unknown", "There is no such category.").
				WithField("body.category_id", "is no category")
)

// coded gives a domain error its code. Other errors come back as they are.
func coded(err error) error {
	if err == nil {
		return nil
	}
	if wrong := invalids(err); len(wrong) > 0 {
		f := errInvalid.Wrap(err)
		for _, w := range wrong {
			f = f.WithField("body."+w.Field, w.Message)
		}
		return f
	}
	if unpayable, ok := errors.AsType[domain.PriceError](err); ok {
		return priceFault(unpayable)
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.fault.Wrap(err)
		}
	}
	return err
}

// priceFault says what a price could be instead.
func priceFault(e domain.PriceError) error {
	refuse := func(message string) *fault.Error { return fault.New(fault.Invalid, string(e.Reason), message).Wrap(e) }
	switch e.Reason {
	case domain.CurrencyUnsupported:
		return refuse("The shop does not take this currency.").
			WithField("body.price.currency", "must be one of currencies").WithDetail("currencies", e.Currencies)
	case domain.PriceTooLarge:
		return refuse("The price is larger than a card payment can be.").
			WithField("body.price.amount", "must be at most maximum, in minor units").WithDetail("maximum", e.Limits.Max)
	}
	return refuse("No card payment can be made of this price: it is finer than cards are charged in this currency.").
		WithField("body.price.amount", "must be a multiple of step, in minor units").WithDetail("step", e.Limits.Step)
}

// productCoded is coded where a missing category is a wrong field.
func productCoded(err error) error {
	if errors.Is(err, domain.ErrNoCategory) {
		return errUnknownCategory.Wrap(err)
	}
	return coded(err)
}

// categoryCoded is coded where a missing category is what was asked for.
func categoryCoded(err error) error {
	if errors.Is(err, domain.ErrNoCategory) {
		return errNoCategory.Wrap(err)
	}
	return coded(err)
}

// invalids collects the wrong fields, joined or alone.
func invalids(err error) []domain.Invalid {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []domain.Invalid
		for _, e := range joined.Unwrap() {
			all = append(all, invalids(e)...)
		}
		return all
	}
	if wrong, ok := errors.AsType[domain.Invalid](err); ok {
		return []domain.Invalid{wrong}
	}
	return nil
}
