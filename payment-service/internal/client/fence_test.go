package client_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/shared/testkit"
)

// Whatever happened to the charge before, after the fence it cannot take money any more, and the fence knows what it took.
func TestFence_P57_NoRequestUnderTheKeyChargesAfterIt(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method string
		before func(*testing.T, *sandboxtest.Sandbox, *client.Stripe, client.ChargeRequest)
		want   domain.FactKind
		paid   int
	}{
		"nothing was sent": {"pm_card_visa", nil, domain.FactCanceled, 0},
		"the request was lost on its way": {"pm_card_visa", func(t *testing.T, s *sandboxtest.Sandbox, a *client.Stripe, r client.ChargeRequest) {
			s.Fault(faults.Rule{Effect: faults.DropBefore})
			_, err := a.Charge(t.Context(), r)
			require.ErrorIs(t, err, client.ErrUncertain)
		}, domain.FactCanceled, 0},
		"its reply was lost": {"pm_card_visa", func(t *testing.T, s *sandboxtest.Sandbox, a *client.Stripe, r client.ChargeRequest) {
			s.Fault(faults.Rule{Effect: faults.ChargeThenDrop})
			_, err := a.Charge(t.Context(), r)
			require.ErrorIs(t, err, client.ErrUncertain)
		}, domain.FactSucceeded, 1},
		"it was declined": {"pm_card_chargeDeclined", func(t *testing.T, _ *sandboxtest.Sandbox, a *client.Stripe, r client.ChargeRequest) {
			_, err := a.Charge(t.Context(), r)
			require.NoError(t, err)
		}, domain.FactRequiresPaymentMethod, 0},
		"it waits for the shopper": {"pm_card_authenticationRequired", func(t *testing.T, _ *sandboxtest.Sandbox, a *client.Stripe, r client.ChargeRequest) {
			_, err := a.Charge(t.Context(), r)
			require.NoError(t, err)
		}, domain.FactRequiresAction, 0},
		"the fence's reply was lost": {"pm_card_visa", func(t *testing.T, s *sandboxtest.Sandbox, a *client.Stripe, r client.ChargeRequest) {
			s.Fault(faults.Rule{Effect: faults.ChargeThenDrop})
			_, err := a.Fence(t.Context(), r)
			require.ErrorIs(t, err, client.ErrUncertain)
		}, domain.FactCanceled, 0},
		"the fence's failure is kept": {"pm_card_visa", func(t *testing.T, s *sandboxtest.Sandbox, a *client.Stripe, r client.ChargeRequest) {
			s.Fault(faults.Rule{Effect: faults.ErrorAfter})
			_, err := a.Fence(t.Context(), r)
			require.ErrorIs(t, err, client.ErrUncertain)
		}, domain.FactCanceled, 0},
		"the card is unknown to the processor": {"pm_of_nobody", nil, domain.FactCanceled, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := sandboxtest.Start(t)
			a, r := adapter(t, s.URL), charge("p1", c.method)
			if c.before != nil {
				c.before(t, s, a, r)
			}
			for range 2 { // whoever crashes after the first asks again
				got, err := a.Fence(t.Context(), r)
				require.NoError(t, err)
				require.Equal(t, c.want, got.Kind)
			}
			_, _ = a.Charge(t.Context(), r) // one that comes late
			require.Equal(t, c.paid, s.Count(`SELECT count(*) FROM charges WHERE paid`))
			require.LessOrEqual(t, s.Count(`SELECT count(*) FROM intents`), 1)
		})
	}
}

func TestFence_P57_AChargeUnderWayIsNotOvertaken(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a, r := adapter(t, s.URL), charge("p1", "pm_card_visa")
	s.Fault(faults.Rule{Effect: faults.DelayBefore, DelayMS: 1500})
	slow := make(chan client.Charge, 1)
	go func() {
		c, _ := a.Charge(t.Context(), r)
		slow <- c
	}()
	testkit.Eventually(t, time.Minute, func() bool { return s.Hits() == 1 })
	_, err := a.Fence(t.Context(), r)
	require.ErrorIs(t, err, client.ErrUncertain, "a key in use says nothing: later")
	require.Equal(t, domain.FactSucceeded, (<-slow).Kind)
	got, err := a.Fence(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, domain.FactSucceeded, got.Kind)
}

// What the processor answers to a charge whose failure it keeps says nothing about the money.
func TestFence_AKeptFailureOfTheChargeIsNotCertain(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a, r := adapter(t, s.URL), charge("p1", "pm_card_visa")
	s.Fault(faults.Rule{Effect: faults.ErrorBefore})
	_, err := a.Charge(t.Context(), r)
	require.ErrorIs(t, err, client.ErrUncertain)
	_, err = a.Fence(t.Context(), r)
	require.ErrorIs(t, err, client.ErrUncertain)
}
