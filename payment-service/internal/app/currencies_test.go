package app_test

import (
	"net/http"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/app"
	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	"marketplace/shared/auth"
	"marketplace/shared/money"
)

func (s *shop) placeIn(amount int64, currency string) order {
	s.t.Helper()
	o := newOrder(uuid.NewString(), "pm_card_visa")
	o.amount, o.currency = amount, currency
	s.peers.say(reserved(s.t, o))
	return o
}

func TestCurrencies_TheProcessorIsAskedInItsUnitsAndTheBooksAreInOurs(t *testing.T) {
	t.Parallel()
	s := open(t)
	for currency, c := range map[string]struct{ ours, theirs, part, partTheirs int64 }{
		"USD": {1299, 1299, 299, 299}, "JPY": {500, 500, 100, 100}, "ISK": {7, 700, 2, 200}, "KWD": {5120, 5120, 20, 20}, "MGA": {500, 5, 100, 1},
	} {
		o := s.placeIn(c.ours, currency)
		d := s.becomes(o.id, "captured")
		require.Equal(t, money.Money{Amount: c.ours, Currency: currency}, d.Captured)
		require.Equal(t, d.Captured, d.Ledger[0].Amount)
		s.peers.hears(o.id, events.PaymentCaptured)
		require.EqualValues(t, c.ours, message[*eventsv1.PaymentCaptured](s.peers, o.id, events.PaymentCaptured).GetAmount().GetAmount())
		require.EqualValues(t, c.theirs, s.sandbox.Count(`select amount from intents where metadata->>'payment_id' = $1`, d.ID))
		require.EqualValues(t, c.theirs, s.count(`select charge_amount from payments where id = $1`, d.ID))

		r := s.somebody(auth.RoleAdmin).refund(d.ID, uuid.NewString(), `{"amount": {"amount": `+strconv.FormatInt(c.part, 10)+`, "currency": "`+currency+`"}, "reason": "a part"}`)
		require.Equal(t, http.StatusCreated, r.Status, r.Body)
		s.becomes(o.id, "partially_refunded")
		require.EqualValues(t, c.partTheirs, s.refunded(o.id))
		s.peers.say(cancelled(t, o))
		require.EqualValues(t, c.ours, s.becomes(o.id, "refunded").Refunded.Amount)
		require.EqualValues(t, c.theirs, s.refunded(o.id))
	}
}

func TestCurrencies_ARefundIsNotFinerThanACharge(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := s.placeIn(5120, "KWD")
	d := s.becomes(o.id, "captured")
	r := s.support().refund(d.ID, "k", `{"amount": {"amount": 25, "currency": "KWD"}, "reason": "x"}`)
	require.Equal(t, http.StatusUnprocessableEntity, r.Status, r.Body)
	require.Contains(t, r.Body, `"refund_step"`)
}

// An order from before a currency was taken from the list, or from ISO's list, ends: the order hears why.
func TestCurrencies_WhatCannotBeChargedFailsWithACode(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, c := range []struct {
		amount   int64
		currency string
		code     string
	}{
		{500, "EUR", "currency_unsupported"},
		{500, "LYD", "currency_unsupported"},
		{500, "BGN", "currency_unsupported"},
		{5124, "KWD", "amount_step"},
		{100_000_000, "USD", "amount_too_large"},
		{49, "USD", "amount_too_small"},
	} {
		o := s.placeIn(c.amount, c.currency)
		s.peers.hears(o.id, events.PaymentFailed)
		require.Equal(t, c.code, message[*eventsv1.PaymentFailed](s.peers, o.id, events.PaymentFailed).GetCode())
		d := s.becomes(o.id, "failed")
		require.Equal(t, c.code, d.Failure.Code)
	}
	require.Zero(t, s.count(`select count(*) from parked`))
}

func TestCurrencies_TheServiceDoesNotStartWithOneThatCannotBeCharged(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for _, currencies := range [][]string{{"USD", "LYD"}, {"USD", "XYZ"}, {}} {
		cfg := s.config
		cfg.Currencies = currencies
		require.ErrorContains(t, app.Run(t.Context(), cfg), "currenc")
	}
	binary := filepath.Join(t.TempDir(), "payment-service")
	out, err := exec.Command("go", "build", "-o", binary, "../../cmd").CombinedOutput()
	require.NoError(t, err, "%s", out)
	cmd := exec.Command(binary)
	cmd.Env = append(cmd.Environ(), "CONSUL_URL=", "CURRENCIES=USD,LYD")
	out, err = cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "LYD")
}
