package client_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/shared/testkit"
)

func TestCancelIntent(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	asked, err := a.Charge(t.Context(), charge("p1", "pm_card_threeDSecure2Required"))
	require.NoError(t, err)
	for range 2 { // canceling what is canceled says so
		got, err := a.CancelIntent(t.Context(), asked.IntentID)
		require.NoError(t, err)
		require.Equal(t, domain.FactCanceled, got.Kind)
	}
	paid, err := a.Charge(t.Context(), charge("p2", "pm_card_visa"))
	require.NoError(t, err)
	got, err := a.CancelIntent(t.Context(), paid.IntentID)
	require.NoError(t, err)
	require.Equal(t, domain.FactSucceeded, got.Kind, "too late: the money was taken")
	_, err = a.CancelIntent(t.Context(), "pi_nope")
	require.ErrorIs(t, err, client.ErrNotFound)
	_, err = a.Retrieve(t.Context(), "pi_nope")
	require.ErrorIs(t, err, client.ErrNotFound)
}

func TestThreeDSecure_FailedIsAliveUntilCanceled(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	asked, err := a.Charge(t.Context(), charge("p1", "pm_card_threeDSecure2Required"))
	require.NoError(t, err)
	s.Authenticate(asked.IntentID, false)
	got, err := a.Retrieve(t.Context(), asked.IntentID)
	require.NoError(t, err)
	require.Equal(t, domain.FactRequiresPaymentMethod, got.Kind)
	require.Equal(t, "payment_intent_authentication_failure", got.Failure.Code)
	got, err = a.CancelIntent(t.Context(), asked.IntentID)
	require.NoError(t, err)
	require.Equal(t, domain.FactCanceled, got.Kind)
}

func TestPending_BecomesAFact(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	for method, want := range map[string]domain.FactKind{
		"pm_sandbox_processing": domain.FactSucceeded, "pm_sandbox_processingDeclined": domain.FactRequiresPaymentMethod,
	} {
		pending, err := a.Charge(t.Context(), charge(method, method))
		require.NoError(t, err)
		testkit.Eventually(t, 10*time.Second, func() bool {
			got, err := a.Retrieve(t.Context(), pending.IntentID)
			require.NoError(t, err)
			return got.Kind == want
		})
	}
}

func TestFind_BySearchOnceItHasCaughtUp(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	made, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.NoError(t, err)
	found, ok, err := a.FindByPaymentID(t.Context(), "p1", time.Now().Add(-48*time.Hour))
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, made, found)
	_, _, err = a.FindByPaymentID(t.Context(), "p' OR 'x", time.Now())
	require.Error(t, err)
}

func TestFind_OverSeveralPages(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, func(c *sandbox.Config) { c.SearchLag = time.Hour })
	a := adapter(t, s.URL)
	began := time.Now()
	made, err := a.Charge(t.Context(), charge("needle", "pm_card_visa"))
	require.NoError(t, err)
	_, err = s.DB.Pool.Exec(t.Context(), `
INSERT INTO intents (id, client_secret, amount, currency, status, created_at)
SELECT 'pi_x' || n, '', 1, 'usd', 'canceled', now() + n * interval '1 ms' FROM generate_series(1, 250) n`)
	require.NoError(t, err)
	found, ok, err := a.FindByPaymentID(t.Context(), "needle", began)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, made.IntentID, found.IntentID)
}
