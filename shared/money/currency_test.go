package money

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/currency"
)

func TestExponent_IsISOs(t *testing.T) {
	for code, want := range map[string]int{
		"USD": 2, "EUR": 2, "JPY": 0, "ISK": 0, "UGX": 0, "KWD": 3, "BHD": 3, "LYD": 3, "MGA": 2, "MRU": 2, "IDR": 2, "HUF": 2, "TWD": 2,
	} {
		digits, ok := Exponent(code)
		require.True(t, ok, code)
		require.Equal(t, want, digits, code)
	}
	for _, code := range []string{"", "usd", "XXX", "US", "USDT", "D A", "IF "} {
		_, ok := Exponent(code)
		require.False(t, ok, code)
	}
}

// CLDR is a second source: where it has digits, they are ISO's. It says 0 for currencies whose minor unit nobody uses any more.
func TestExponent_AgreesWithCLDR(t *testing.T) {
	unused := []string{
		"AFN", "ALL", "AMD", "COP", "GYD", "IDR", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "MNT", "MUR", "PKR", "RSD", "SOS",
		"SYP", "TZS", "UZS", "YER",
	}
	compared := 0
	for _, code := range Currencies() {
		unit, err := currency.ParseISO(code)
		if err != nil {
			continue // younger than the table of x/text
		}
		compared++
		digits, _ := Exponent(code)
		shown, _ := currency.Standard.Rounding(unit)
		if slices.Contains(unused, code) {
			require.Zero(t, shown, code)
			continue
		}
		require.Equal(t, shown, digits, code)
	}
	require.Greater(t, compared, 140)
}

func TestCurrencies_AreSortedAndListedOnce(t *testing.T) {
	for name, list := range map[string]string{"currencies": currencies, "chargeable": chargeable, "no digits": noDigits, "three": threeDigits} {
		codes := make([]string, 0, len(list)/4)
		for at := 0; at < len(list); at += 4 {
			codes = append(codes, list[at:at+3])
			require.True(t, known(list[at:at+3]), list[at:at+3])
		}
		require.True(t, slices.IsSorted(codes), name)
		require.Len(t, slices.Compact(slices.Clone(codes)), len(codes), name)
	}
	for code := range minimums {
		require.True(t, listed(chargeable, code), code)
	}
	require.Len(t, Currencies(), len(currencies)/4)
}

func TestCardLimits(t *testing.T) {
	for code, want := range map[string]Limits{
		"USD": {Step: 1, Min: 50, Max: 99_999_999},
		"JPY": {Step: 1, Min: 50, Max: 99_999_999},
		"HUF": {Step: 1, Min: 17_500, Max: 99_999_999}, // whole forints are for payouts
		"ISK": {Step: 1, Min: 1, Max: 999_999},
		"UGX": {Step: 1, Min: 1, Max: 999_999},
		"BHD": {Step: 10, Min: 10, Max: 99_999_990},
		"MGA": {Step: 100, Min: 100, Max: 9_999_999_900},
		"IDR": {Step: 1, Min: 1, Max: 999_999_999_999},
	} {
		got, ok := CardLimits(code)
		require.True(t, ok, code)
		require.Equal(t, want, got, code)
	}
	for _, code := range []string{"LYD", "IQD", "MRU", "KPW", "XXX", "usd", ""} {
		_, ok := CardLimits(code)
		require.False(t, ok, code)
	}
}

// A hundred lines of a thousand pieces at the largest price are still an int64, and both ends of the range are multiples.
func TestCardLimits_HoldTogether(t *testing.T) {
	for _, code := range Currencies() {
		l, ok := CardLimits(code)
		if !ok {
			continue
		}
		require.True(t, 0 < l.Step && l.Step <= l.Min && l.Min < l.Max && l.Max < math.MaxInt64/100_000, "%s: %+v", code, l)
		require.True(t, l.Multiple(l.Min) && l.Multiple(l.Max), "%s: %+v", code, l)
	}
}

func TestAccept(t *testing.T) {
	a, err := Accept("USD", "ISK", "EUR")
	require.NoError(t, err)
	require.Equal(t, []string{"EUR", "ISK", "USD"}, a.Codes())
	l, ok := a.Limits("ISK")
	require.True(t, ok)
	require.Equal(t, int64(1), l.Step)
	_, ok = a.Limits("GBP")
	require.False(t, ok)
	_, ok = Accepted{}.Limits("USD")
	require.False(t, ok)
	_, err = Accept("USD", "usd")
	require.ErrorIs(t, err, ErrCurrency)
	_, err = Accept("USD", "LYD")
	require.ErrorIs(t, err, ErrNoCard)
}
