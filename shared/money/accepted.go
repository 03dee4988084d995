package money

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrNoCard means a currency in which cards are not charged.
var ErrNoCard = errors.New("money: cards are not charged in this currency")

// Accepted is the currencies that a shop takes, each with its limits. The zero value takes none.
type Accepted struct{ limits map[string]Limits }

// Accept returns the set of the codes, ErrCurrency for one that ISO 4217 does not list, or ErrNoCard.
func Accept(codes ...string) (Accepted, error) {
	limits := make(map[string]Limits, len(codes))
	for _, code := range codes {
		if !known(code) {
			return Accepted{}, fmt.Errorf("%q: %w", code, ErrCurrency)
		}
		l, ok := CardLimits(code)
		if !ok {
			return Accepted{}, fmt.Errorf("%s: %w", code, ErrNoCard)
		}
		limits[code] = l
	}
	return Accepted{limits: limits}, nil
}

// Limits returns what a payment in the currency can be. ok is false when the shop does not take the currency.
func (a Accepted) Limits(code string) (l Limits, ok bool) {
	l, ok = a.limits[code]
	return l, ok
}

// Codes returns the currencies in alphabetical order.
func (a Accepted) Codes() []string { return slices.Sorted(maps.Keys(a.limits)) }
