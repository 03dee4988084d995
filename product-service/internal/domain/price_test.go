package domain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/money"
)

func priced(amount int64, currency string) domain.Product {
	p := lamp()
	p.Price = money.Money{Amount: amount, Currency: currency}
	return p
}

func TestPrice_OnlyOneThatCanBePaidIsSet(t *testing.T) {
	for _, c := range []struct {
		amount   int64
		currency string
		want     domain.PriceReason // empty: it can be paid
	}{
		{1, "USD", ""}, // ten cheap items are fine
		{99_999_999, "USD", ""},
		{100_000_000, "USD", domain.PriceTooLarge},
		{1, "JPY", ""},
		{7, "ISK", ""},
		{999_999, "ISK", ""},
		{1_000_000, "ISK", domain.PriceTooLarge},
		{1_250, "KWD", ""},
		{1_255, "KWD", domain.PriceStep},
		{500, "MGA", ""},
		{520, "MGA", domain.PriceStep},
		{100, "GBP", domain.CurrencyUnsupported}, // a currency, but not one of this shop's
		{100, "LYD", domain.CurrencyUnsupported}, // one in which no card is charged
	} {
		check := func(err error) {
			t.Helper()
			if c.want == "" {
				require.NoError(t, err, "%d %s", c.amount, c.currency)
				return
			}
			var refused domain.PriceError
			require.ErrorAs(t, err, &refused, "%d %s", c.amount, c.currency)
			require.Equal(t, c.want, refused.Reason)
		}
		_, err := domain.New(priced(c.amount, c.currency), accepted, now)
		check(err)
		_, err = lamp().Change(domain.Change{Price: &money.Money{Amount: c.amount, Currency: c.currency}}, accepted, now)
		check(err)

		draft, active := priced(c.amount, c.currency), domain.Active
		draft.Status = domain.Draft
		_, err = draft.Change(domain.Change{Status: &active}, accepted, now)
		check(err)
	}
}

func TestPrice_OfACurrencyThatWasTakenAwayDoesNotLockTheProduct(t *testing.T) {
	old, name := priced(100, "GBP"), "Desk lamp, second hand"
	next, err := old.Change(domain.Change{Name: &name}, accepted, now)
	require.NoError(t, err)
	require.Equal(t, name, next.Name)
	require.Equal(t, domain.Archived, next.Archive(now).Status)
}
