package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"marketplace/shared/money"
)

// Shop is what the services that handle prices have to agree on: they read the same variables. A service that needs it embeds it
// beside Common, and its Validate calls Accepted.
type Shop struct {
	// Currencies are those that prices may have. A currency that is taken away keeps what was paid in it; nothing new is sold in it.
	Currencies []string `mapstructure:"currencies" default:"USD,EUR,GBP,JPY"`
	// ShopCurrency is the one that a request means when it names none.
	ShopCurrency string `mapstructure:"shop_currency" default:"USD"`
}

// Accepted returns the currencies with their limits, or why they cannot be used.
func (s Shop) Accepted() (money.Accepted, error) {
	accepted, err := money.Accept(s.codes()...)
	switch {
	case err != nil:
		return accepted, fmt.Errorf("currencies: %w", err)
	case len(s.Currencies) == 0:
		return accepted, errors.New("currencies must name at least one")
	case !slices.Contains(s.codes(), s.ShopCurrency):
		return accepted, errors.New("shop_currency must be one of currencies")
	}
	return accepted, nil
}

// codes are the currencies without the spaces that people put after commas.
func (s Shop) codes() []string {
	codes := make([]string, len(s.Currencies))
	for i, code := range s.Currencies {
		codes[i] = strings.TrimSpace(code)
	}
	return codes
}
