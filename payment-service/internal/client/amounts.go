package client

import (
	"fmt"
	"strings"

	"github.com/stripe/stripe-go/v85"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/money"
)

// How many decimal digits Stripe's units have where it is not as ISO 4217 says (https://docs.stripe.com/currencies): the
// ariary's are left out, and those of ISK and UGX are kept from before they were left out, so that such amounts end in 00.
// Amounts of three digits end in 0: that is in the step of money.CardLimits.
var stripeDigits = map[string]int{"MGA": 0, "ISK": 2, "UGX": 2}

// Why the processor can never be asked for an amount. The order is told, and its payment fails.
var (
	currencyUnsupported = domain.Failure{Code: "currency_unsupported", Message: "Cards are not charged in this currency."}
	amountStep          = domain.Failure{Code: "amount_step", Message: "The amount is finer than cards are charged in this currency."}
	amountTooLarge      = domain.Failure{Code: "amount_too_large", Message: "The amount is larger than a card payment can be."}
)

// Convert is an amount as Stripe is asked for it, or why it cannot be. Nothing is rounded.
func Convert(m money.Money) (domain.ProcessorAmount, *domain.Failure) {
	limits, ok := money.CardLimits(m.Currency)
	switch {
	case !ok:
		return domain.ProcessorAmount{}, &currencyUnsupported
	case m.Amount > limits.Max:
		return domain.ProcessorAmount{}, &amountTooLarge
	case !limits.Multiple(m.Amount):
		return domain.ProcessorAmount{}, &amountStep
	}
	amount, currency := m.Amount, strings.ToLower(m.Currency)
	ours, _ := money.Exponent(m.Currency)
	theirs, special := stripeDigits[m.Currency]
	if !special {
		theirs = ours
	}
	for ; ours < theirs; ours++ {
		amount *= 10 // at most eight digits, so that it fits
	}
	for ; ours > theirs; ours-- {
		if amount%10 != 0 {
			return domain.ProcessorAmount{}, &amountStep
		}
		amount /= 10
	}
	return domain.ProcessorAmount{Amount: amount, Currency: currency}, nil
}

// ConvertAccepted is Convert for a shop: a currency that it does not take any more is not charged either. It refuses a shop that
// takes a currency in which not even the smallest and the largest payment can be converted.
func ConvertAccepted(accepted money.Accepted) (domain.Convert, error) {
	for _, code := range accepted.Codes() {
		limits, _ := accepted.Limits(code)
		for _, amount := range []int64{limits.Min, limits.Max} {
			if _, failure := Convert(money.Money{Amount: amount, Currency: code}); failure != nil {
				return nil, fmt.Errorf("currency %s: the card processor cannot be asked for it: %s", code, failure.Code)
			}
		}
	}
	return func(m money.Money) (domain.ProcessorAmount, *domain.Failure) {
		if _, ok := accepted.Limits(m.Currency); !ok {
			return domain.ProcessorAmount{}, &currencyUnsupported
		}
		return Convert(m)
	}, nil
}

// said is an amount as it stands in one of Stripe's objects.
func said(amount int64, c stripe.Currency) domain.ProcessorAmount {
	return domain.ProcessorAmount{Amount: amount, Currency: strings.ToLower(string(c))}
}
