package client_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/shared/money"
)

func TestConvert_AsStripeDocumentsIt(t *testing.T) {
	for _, c := range []struct {
		amount   int64
		currency string
		want     int64
		code     string
	}{
		{1299, "USD", 1299, ""},
		{500, "JPY", 500, ""},
		{5, "ISK", 500, ""},
		{5, "UGX", 500, ""},
		{5120, "KWD", 5120, ""},
		{5124, "KWD", 0, "amount_step"},
		{500, "MGA", 5, ""},
		{520, "MGA", 0, "amount_step"},
		{104_500, "HUF", 104_500, ""}, // whole forints are for payouts
		{1_000_000, "ISK", 0, "amount_too_large"},
		{500, "LYD", 0, "currency_unsupported"},
		{500, "BGN", 0, "currency_unsupported"},
	} {
		got, failure := client.Convert(money.Money{Amount: c.amount, Currency: c.currency})
		require.Equal(t, c.want, got.Amount, "%+v", c)
		require.Equal(t, c.code == "", failure == nil, "%+v", c)
		if failure != nil {
			require.Equal(t, c.code, failure.Code, "%+v", c)
		}
	}
}

// Over every currency: an amount that can be charged comes back as it was, whole and in parts, and any other is refused.
func TestConvert_ThereAndBackOverAllCurrencies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		for _, code := range money.Currencies() {
			limits, taken := money.CardLimits(code)
			m := money.Money{Amount: rapid.Int64Range(1, max(limits.Max, 1000)).Draw(t, code), Currency: code}
			if rapid.Bool().Draw(t, "a multiple") && taken {
				m.Amount = max(m.Amount/limits.Step*limits.Step, limits.Step)
			}
			asked, failure := client.Convert(m)
			require.Equal(t, taken && limits.Multiple(m.Amount), failure == nil, "%s", m)
			if failure != nil {
				continue
			}
			p := domain.Payment{Amount: m, Asked: asked}
			back, err := p.Ours(p.Charge())
			require.NoError(t, err)
			require.Equal(t, m, back)

			part := m
			part.Amount = rapid.Int64Range(1, m.Amount/limits.Step).Draw(t, "part") * limits.Step
			theirs, err := p.Theirs(part)
			require.NoError(t, err)
			back, err = p.Ours(theirs)
			require.NoError(t, err)
			require.Equal(t, part, back)
		}
	})
}

// The shop's limits, the adapter and the processor's own table agree: the smallest and the largest payment are taken, one step
// beyond is refused for that reason.
func TestConvert_TheProcessorTakesExactlyWhatTheShopDoes(t *testing.T) {
	env := processor.Env{NewID: func(prefix string) string { return prefix + "_1" }}
	ask := func(amount int64, currency string) string {
		_, refused := processor.Create(processor.NewIntent{Amount: amount, Currency: currency}, env)
		if refused == nil {
			return ""
		}
		return refused.Code
	}
	for _, code := range money.Currencies() {
		limits, taken := money.CardLimits(code)
		if !taken {
			_, failure := client.Convert(money.Money{Amount: 100_000, Currency: code})
			require.NotNil(t, failure, code)
			continue
		}
		convert := func(amount int64) domain.ProcessorAmount {
			t.Helper()
			asked, failure := client.Convert(money.Money{Amount: amount, Currency: code})
			require.Nil(t, failure, "%d %s", amount, code)
			return asked
		}
		least, most, step := convert(limits.Min), convert(limits.Max), convert(limits.Step)
		require.Empty(t, ask(least.Amount, least.Currency), "%+v", least)
		require.Empty(t, ask(most.Amount, most.Currency), "%+v", most)
		require.Equal(t, "amount_too_large", ask(most.Amount+step.Amount, most.Currency), "%+v", most)
		if limits.Min > limits.Step {
			require.Equal(t, "amount_too_small", ask(least.Amount-step.Amount, least.Currency), "%+v", least)
		}
		if step.Amount > 1 {
			require.Equal(t, "invalid_charge_amount", ask(least.Amount*100+step.Amount/2, least.Currency), "%+v", step)
		}
	}
}

func TestCharge_TheSandboxRefusesAmountsAsStripeDoes(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	for i, c := range []struct {
		amount   int64
		currency string
		code     string
	}{
		{49, "usd", "amount_too_small"},
		{100_000_000, "usd", "amount_too_large"},
		{100_000_000, "idr", ""},
		{550, "isk", "invalid_charge_amount"},
		{500, "ugx", ""},
		{5124, "kwd", "invalid_charge_amount"},
		{5120, "kwd", ""},
		{100, "xyz", "invalid_request_error"},
	} {
		r := charge(fmt.Sprint("p", i), "pm_card_visa")
		r.Amount = domain.ProcessorAmount{Amount: c.amount, Currency: c.currency}
		got, err := a.Charge(t.Context(), r)
		require.NoError(t, err)
		if c.code == "" {
			require.Equal(t, domain.FactSucceeded, got.Kind, "%+v", c)
			require.Equal(t, r.Amount, got.Received)
			continue
		}
		require.Equal(t, domain.FactDeclined, got.Kind, "%+v", c)
		require.Equal(t, c.code, got.Failure.Code, "%+v", c)
	}
}

// What the processor says and our units cannot hold is no answer: nothing is rounded.
func TestProcessor_AnAmountThatCannotBeConvertedBackIsNoAnswer(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	p := client.Processor{Stripe: a}
	pay := domain.Payment{
		ID: "p1", OrderID: "o1", Amount: money.Money{Amount: 5, Currency: "ISK"}, Method: "pm_card_visa",
		Asked: domain.ProcessorAmount{Amount: 500, Currency: "isk"},
	}
	fact, err := p.Charge(t.Context(), pay)
	require.NoError(t, err)
	require.Equal(t, pay.Amount, fact.Captured)

	_, err = s.DB.Pool.Exec(t.Context(), `update charges set amount = 550; update intents set amount = 550`)
	require.NoError(t, err)
	pay.IntentID = fact.IntentID
	_, err = p.Look(t.Context(), pay)
	require.ErrorIs(t, err, domain.ErrInexact)
}
