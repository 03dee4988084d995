package domain

import "marketplace/shared/money"

// PriceReason is why nobody could pay a price. It is also the code that clients see.
type PriceReason string

// The reasons.
const (
	CurrencyUnsupported PriceReason = "currency_unsupported" // the shop does not take the currency
	PriceStep           PriceReason = "price_step"           // no multiple of what can be paid
	PriceTooLarge       PriceReason = "price_too_large"      // more than one payment can be
)

// PriceError refuses a price that nobody could pay. A price below the smallest payment is none: several pieces may reach it.
type PriceError struct {
	Reason     PriceReason
	Limits     money.Limits // of the currency; zero with CurrencyUnsupported
	Currencies []string     // those that the shop takes, with CurrencyUnsupported
}

func (e PriceError) Error() string { return "the price cannot be paid: " + string(e.Reason) }

// payable refuses a price that no payment can be made of.
func payable(price money.Money, accepted money.Accepted) error {
	l, ok := accepted.Limits(price.Currency)
	switch {
	case !ok:
		return PriceError{Reason: CurrencyUnsupported, Currencies: accepted.Codes()}
	case price.Amount > l.Max:
		return PriceError{Reason: PriceTooLarge, Limits: l}
	case !l.Multiple(price.Amount):
		return PriceError{Reason: PriceStep, Limits: l}
	}
	return nil
}
