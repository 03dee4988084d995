package client_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/faults"
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
		testkit.Eventually(t, time.Minute, func() bool {
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
	found, ok, _, err := a.FindByPaymentID(t.Context(), "p1", time.Now().Add(-48*time.Hour), "")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, made, found)
	_, _, _, err = a.FindByPaymentID(t.Context(), "p' OR 'x", time.Now(), "")
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
	found, ok, _, err := a.FindByPaymentID(t.Context(), "needle", began, "")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, made.IntentID, found.IntentID)
}

// However many intents a shop made, the list is gone through to its end, some pages at a time.
func TestFind_P24_GoesThroughTheWholeListInAsManyTasksAsItTakes(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, func(c *sandbox.Config) { c.SearchLag = time.Hour })
	a := adapter(t, s.URL, func(o *client.Options) { o.Timeout = func() time.Duration { return 2 * time.Second } })
	began := time.Now()
	made, err := a.Charge(t.Context(), charge("needle", "pm_card_visa"))
	require.NoError(t, err)
	_, err = s.DB.Pool.Exec(t.Context(), `
INSERT INTO intents (id, client_secret, amount, currency, status, created_at)
SELECT 'pi_x' || n, '', 1, 'usd', 'canceled', now() + n * interval '1 ms' FROM generate_series(1, 1450) n`)
	require.NoError(t, err)
	// Each page takes so long that a task has time for a few.
	s.Fault(faults.Rule{Match: faults.Match{Method: http.MethodGet, Path: "/v1/payment_intents"}, Effect: faults.DelayAfter, DelayMS: 300, Count: -1})
	cursor, tasks := "", 0
	testkit.Eventually(t, time.Minute, func() bool {
		var found client.Charge
		var ok bool
		before := cursor
		found, ok, cursor, err = a.FindByPaymentID(t.Context(), "needle", began, cursor)
		require.NoError(t, err)
		tasks++
		if ok {
			require.Equal(t, made.IntentID, found.IntentID)
			return true
		}
		require.NotEmpty(t, cursor, "it has not seen all of them")
		require.NotEqual(t, before, cursor)
		return false
	})
	require.Greater(t, tasks, 1, "one task does not take all the time that a long list takes")
}

func TestFind_ReadsTheListWhenTheSearchFails(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	made, err := a.Charge(t.Context(), charge("needle", "pm_card_visa"))
	require.NoError(t, err)
	s.Fault(faults.Rule{Match: faults.Match{Method: http.MethodGet, Path: "/v1/payment_intents/search"}, Effect: faults.ErrorBefore, Count: -1})
	began := time.Now().Add(-5 * time.Minute) // so old that it is searched for first
	found, ok, _, err := a.FindByPaymentID(t.Context(), "needle", began, "")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, made.IntentID, found.IntentID)
	_, ok, _, err = a.FindByPaymentID(t.Context(), "nobody", began, "")
	require.Error(t, err, "nothing is known for certain")
	require.False(t, ok)
}

func TestFind_BeginsAgainAfterTheEndAndAfterACursorThatSaysNothing(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	began := time.Now()
	for _, cursor := range []string{"", "9:pi", "-1:pi", "pi", ":"} {
		_, ok, next, err := a.FindByPaymentID(t.Context(), "needle", began, cursor)
		require.NoError(t, err)
		require.False(t, ok)
		require.Empty(t, next)
	}
	made, err := a.Charge(t.Context(), charge("needle", "pm_card_visa"))
	require.NoError(t, err)
	found, ok, _, err := a.FindByPaymentID(t.Context(), "needle", began, "")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, made.IntentID, found.IntentID)
}

func TestLook_AnIntentThatIsAnotherPaymentsIsAFactAndNoAnswerForEver(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	made, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.NoError(t, err)
	for _, intent := range []string{made.IntentID, "pi_nope"} {
		got, err := client.Processor{Stripe: a}.Look(t.Context(), domain.Payment{ID: "p2", IntentID: intent})
		require.NoError(t, err)
		require.Equal(t, domain.Fact{Kind: domain.FactForeign, IntentID: intent}, got)
	}
}
