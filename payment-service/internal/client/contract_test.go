package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/shared/config"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(int) { http.DefaultClient.CloseIdleConnections() }))
}

func adapter(t *testing.T, url string, change ...func(*client.Options)) *client.Stripe {
	t.Helper()
	o := client.Options{SecretKey: sandboxtest.Key, BaseURL: url}
	for _, f := range change {
		f(&o)
	}
	s := client.New(o)
	t.Cleanup(s.Close)
	return s
}

func charge(id, method string) client.ChargeRequest {
	return client.ChargeRequest{
		PaymentID: id, OrderID: "order-" + id, Amount: 1299, Currency: "USD", Method: method, Key: "pay_" + id,
	}
}

func TestCharge_Facts(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	for method, want := range map[string]client.Fact{
		"pm_card_visa":                                     {Kind: client.Succeeded, Brand: "visa", Last4: "4242"},
		"pm_card_mastercard":                               {Kind: client.Succeeded, Brand: "mastercard", Last4: "4444"},
		"pm_card_amex":                                     {Kind: client.Succeeded, Brand: "amex", Last4: "0005"},
		"pm_card_chargeDeclined":                           {Kind: client.Declined, Code: "generic_decline", Brand: "visa", Last4: "0002"},
		"pm_card_visa_chargeDeclined":                      {Kind: client.Declined, Code: "generic_decline", Brand: "visa", Last4: "0002"},
		"pm_card_chargeDeclinedInsufficientFunds":          {Kind: client.Declined, Code: "insufficient_funds", Brand: "visa", Last4: "9995"},
		"pm_card_visa_chargeDeclinedInsufficientFunds":     {Kind: client.Declined, Code: "insufficient_funds", Brand: "visa", Last4: "9995"},
		"pm_card_visa_chargeDeclinedLostCard":              {Kind: client.Declined, Code: "lost_card", Brand: "visa", Last4: "9987"},
		"pm_card_visa_chargeDeclinedStolenCard":            {Kind: client.Declined, Code: "stolen_card", Brand: "visa", Last4: "9979"},
		"pm_card_chargeDeclinedExpiredCard":                {Kind: client.Declined, Code: "expired_card", Brand: "visa", Last4: "0069"},
		"pm_card_chargeDeclinedIncorrectCvc":               {Kind: client.Declined, Code: "incorrect_cvc", Brand: "visa", Last4: "0127"},
		"pm_card_chargeDeclinedProcessingError":            {Kind: client.Declined, Code: "processing_error", Brand: "visa", Last4: "0119"},
		"pm_card_visa_chargeDeclinedVelocityLimitExceeded": {Kind: client.Declined, Code: "card_velocity_exceeded", Brand: "visa", Last4: "6975"},
		"pm_card_threeDSecure2Required":                    {Kind: client.RequiresAction},
		"pm_card_authenticationRequired":                   {Kind: client.RequiresAction},
		"pm_sandbox_processing":                            {Kind: client.Pending},
	} {
		got, err := a.Charge(t.Context(), charge(method, method))
		require.NoError(t, err, method)
		require.NotEmpty(t, got.IntentID, method)
		require.Equal(t, want.Kind == client.RequiresAction, got.ClientSecret != "", method)
		require.Equal(t, want.Kind == client.Declined, got.Message != "", method)
		want.IntentID, want.ClientSecret, want.Message = got.IntentID, got.ClientSecret, got.Message
		want.Amount, want.Currency, want.PaymentID, want.OrderID = 1299, "USD", method, "order-"+method
		require.Equal(t, want, got, method)
	}
}

func TestCharge_RefusedBeforeExecutionIsCertain(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	got, err := adapter(t, s.URL).Charge(t.Context(), charge("p1", "pm_of_nobody"))
	require.NoError(t, err)
	require.Equal(t, client.Declined, got.Kind)
	require.Equal(t, "resource_missing", got.Code)
	require.Zero(t, s.Count(`SELECT count(*) FROM intents`))
}

func TestCharge_P23_LostReplyIsUncertainThenFound(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t, func(c *sandbox.Config) { c.SearchLag = time.Hour })
	a := adapter(t, s.URL)
	began := time.Now()
	s.Fault(faults.Rule{Effect: faults.ChargeThenDrop})
	_, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.ErrorIs(t, err, client.ErrUncertain)
	require.Equal(t, 1, s.Hits(), "sent once: the adapter repeats nothing by itself")

	found, ok, err := a.FindByPaymentID(t.Context(), "p1", began)
	require.NoError(t, err)
	require.True(t, ok, "the list is not behind")
	require.Equal(t, client.Succeeded, found.Kind)

	_, ok, err = a.FindByPaymentID(t.Context(), "p1", began.Add(-24*time.Hour))
	require.NoError(t, err)
	require.False(t, ok, "search is behind: nothing found proves nothing")

	again, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.NoError(t, err)
	require.Equal(t, found, again)
	require.Equal(t, 1, s.Count(`SELECT count(*) FROM charges WHERE paid`))
}

func TestCharge_P23_KeptConnectionThatBreaksSendsNothingTwice(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	_, err := a.Charge(t.Context(), charge("first", "pm_card_visa")) // its connection is kept
	require.NoError(t, err)
	s.Fault(faults.Rule{Effect: faults.DropBefore, Count: 2})
	_, err = a.Charge(t.Context(), charge("second", "pm_card_visa"))
	require.ErrorIs(t, err, client.ErrUncertain)
	require.Equal(t, 1, s.Hits())
}

func TestCharge_P23_TimeOutIsUncertain(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL, func(o *client.Options) { o.Timeout = 200 * time.Millisecond })
	s.Fault(faults.Rule{Effect: faults.DelayBefore, DelayMS: 600})
	_, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.ErrorIs(t, err, client.ErrUncertain)
	testkit.Eventually(t, 5*time.Second, func() bool { return s.Count(`SELECT count(*) FROM charges WHERE paid`) == 1 },
		"the request was under way and took effect")
}

func TestCharge_P23_BrokenProcessorIsUncertainAndFound(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	began := time.Now()
	s.Fault(faults.Rule{Effect: faults.ErrorAfter})
	for range 2 { // the second 500 is a replay
		_, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
		require.ErrorIs(t, err, client.ErrUncertain)
	}
	found, ok, err := a.FindByPaymentID(t.Context(), "p1", began)
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, client.Succeeded, found.Kind)
}

func TestCharge_ReplayIsAHint(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	asked, err := a.Charge(t.Context(), charge("p1", "pm_card_threeDSecure2Required"))
	require.NoError(t, err)
	require.Equal(t, client.RequiresAction, asked.Kind)
	s.Authenticate(asked.IntentID, true)
	again, err := a.Charge(t.Context(), charge("p1", "pm_card_threeDSecure2Required"))
	require.NoError(t, err)
	require.Equal(t, client.Succeeded, again.Kind, "what it is now, not what the kept reply said")

	_, err = a.Charge(t.Context(), charge("p2", "pm_card_chargeDeclined"))
	require.NoError(t, err)
	again, err = a.Charge(t.Context(), charge("p2", "pm_card_chargeDeclined"))
	require.NoError(t, err)
	require.Equal(t, client.RequiresPaymentMethod, again.Kind, "alive: only a cancel makes sure")
	require.Equal(t, "generic_decline", again.Code)
}

// Replies that say nothing certain, from a processor that answers whatever the test wants.
func TestCharge_UncertainReplies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		body   string
		header string
	}{
		"401":                {401, `{"error":{"type":"invalid_request_error","message":"no"}}`, ""},
		"403":                {403, `{"error":{"type":"invalid_request_error","message":"no"}}`, ""},
		"409":                {409, `{"error":{"type":"idempotency_error","code":"idempotency_key_in_use","message":"no"}}`, ""},
		"429":                {429, `{"error":{"type":"invalid_request_error","code":"rate_limit","message":"no"}}`, ""},
		"500":                {500, `{"error":{"type":"api_error","message":"no"}}`, ""},
		"502 of a proxy":     {502, `<html>bad gateway</html>`, ""},
		"idempotency error":  {400, `{"error":{"type":"idempotency_error","message":"no"}}`, ""},
		"402 of no card":     {402, `{"error":{"type":"api_error","message":"no"}}`, ""},
		"unreadable success": {200, `{"id":`, ""},
		"replayed refusal":   {400, `{"error":{"type":"invalid_request_error","message":"no"}}`, "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.header != "" {
					w.Header().Set("Idempotent-Replayed", c.header)
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.body))
			}))
			defer server.Close()
			a := adapter(t, server.URL)
			_, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
			require.ErrorIs(t, err, client.ErrUncertain)
			require.NotContains(t, err.Error(), sandboxtest.Key)
			_, err = a.Refund(t.Context(), client.RefundRequest{RefundID: "r", IntentID: "pi", Amount: 1, Key: "ref_r"})
			require.ErrorIs(t, err, client.ErrUncertain)
		})
	}
}

func TestErrors_NeverShowSecrets(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(409)
		_, _ = w.Write([]byte(`{"error":{"type":"api_error","payment_intent":{"id":"","client_secret":"pi_1_secret_2"}}}`))
	}))
	defer server.Close()
	_, err := adapter(t, server.URL).Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.ErrorIs(t, err, client.ErrUncertain)
	require.NotContains(t, err.Error(), "pi_1_secret_2")
}

func TestCancelIntent(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	asked, err := a.Charge(t.Context(), charge("p1", "pm_card_threeDSecure2Required"))
	require.NoError(t, err)
	for range 2 { // canceling what is canceled says so
		got, err := a.CancelIntent(t.Context(), asked.IntentID)
		require.NoError(t, err)
		require.Equal(t, client.Canceled, got.Kind)
	}
	paid, err := a.Charge(t.Context(), charge("p2", "pm_card_visa"))
	require.NoError(t, err)
	got, err := a.CancelIntent(t.Context(), paid.IntentID)
	require.NoError(t, err)
	require.Equal(t, client.Succeeded, got.Kind, "too late: the money was taken")
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
	require.Equal(t, client.RequiresPaymentMethod, got.Kind)
	require.Equal(t, "payment_intent_authentication_failure", got.Code)
	got, err = a.CancelIntent(t.Context(), asked.IntentID)
	require.NoError(t, err)
	require.Equal(t, client.Canceled, got.Kind)
}

func TestPending_BecomesAFact(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	for method, want := range map[string]client.FactKind{
		"pm_sandbox_processing": client.Succeeded, "pm_sandbox_processingDeclined": client.RequiresPaymentMethod,
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
	found, ok, err := a.FindByPaymentID(t.Context(), "p1", time.Now().Add(-24*time.Hour))
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

func refund(id, intentID string, amount int64) client.RefundRequest {
	return client.RefundRequest{RefundID: id, PaymentID: "p1", IntentID: intentID, Amount: amount, Key: "ref_" + id}
}

func TestRefund_Facts(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	paid, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.NoError(t, err)

	done, err := a.Refund(t.Context(), refund("r1", paid.IntentID, 299))
	require.NoError(t, err)
	require.Equal(t, client.RefundFact{
		Kind: client.RefundDone, ProviderID: done.ProviderID, IntentID: paid.IntentID, Amount: 299, Currency: "USD",
		RefundID: "r1", PaymentID: "p1",
	}, done)
	again, err := a.Refund(t.Context(), refund("r1", paid.IntentID, 299))
	require.NoError(t, err)
	require.Equal(t, done, again)
	read, err := a.RetrieveRefund(t.Context(), done.ProviderID)
	require.NoError(t, err)
	require.Equal(t, done, read)
	found, ok, err := a.FindRefund(t.Context(), paid.IntentID, "r1")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, done, found)
	_, ok, err = a.FindRefund(t.Context(), paid.IntentID, "r2")
	require.NoError(t, err)
	require.False(t, ok)

	over, err := a.Refund(t.Context(), refund("r3", paid.IntentID, 1001))
	require.NoError(t, err)
	require.Equal(t, client.RefundFailed, over.Kind, "refused: more than is left")
	require.Equal(t, 299, s.Count(`SELECT sum(amount) FROM refunds`))
}

func TestRefund_P24_ForgottenKeyDoesNotRefundTwice(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	paid, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.NoError(t, err)
	done, err := a.Refund(t.Context(), refund("r1", paid.IntentID, 1299))
	require.NoError(t, err)
	_, err = s.DB.Pool.Exec(t.Context(), `DELETE FROM idempotency_keys`)
	require.NoError(t, err)
	again, err := a.Refund(t.Context(), refund("r1", paid.IntentID, 1299))
	require.NoError(t, err)
	require.Equal(t, done, again, "nothing is left because it was done: not a failure")
}

func TestRefund_LateEnds(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	for method, want := range map[string][2]client.RefundKind{
		"pm_card_pendingRefund": {client.RefundPending, client.RefundDone},
		"pm_card_refundFail":    {client.RefundDone, client.RefundFailed},
	} {
		paid, err := a.Charge(t.Context(), charge(method, method))
		require.NoError(t, err)
		first, err := a.Refund(t.Context(), refund(method, paid.IntentID, 100))
		require.NoError(t, err)
		require.Equal(t, want[0], first.Kind, method)
		testkit.Eventually(t, 10*time.Second, func() bool {
			got, err := a.RetrieveRefund(t.Context(), first.ProviderID)
			require.NoError(t, err)
			return got.Kind == want[1]
		}, method)
	}
}

func TestRefund_P29_ParallelNeverExceedTheCharge(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	paid, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	kinds := map[client.RefundKind]int{}
	for i := range 20 {
		wg.Go(func() {
			got, err := a.Refund(context.Background(), refund(string(rune('a'+i)), paid.IntentID, 400))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				kinds["error"]++
			}
			kinds[got.Kind]++
		})
	}
	wg.Wait()
	require.Equal(t, map[client.RefundKind]int{client.RefundDone: 3, client.RefundFailed: 17}, kinds)
}

func TestWebhooks_EventsOfALife(t *testing.T) {
	t.Parallel()
	endpoint := sandboxtest.NewEndpoint(t)
	s := sandboxtest.Start(t, func(c *sandbox.Config) { c.WebhookURL = endpoint.URL })
	a := adapter(t, s.URL)
	asked, err := a.Charge(t.Context(), charge("p1", "pm_card_threeDSecure2Required"))
	require.NoError(t, err)
	s.Authenticate(asked.IntentID, true)
	refunded, err := a.Refund(t.Context(), refund("r1", asked.IntentID, 1299))
	require.NoError(t, err)
	_, err = a.Charge(t.Context(), charge("p2", "pm_card_chargeDeclined"))
	require.NoError(t, err)

	want := []string{
		"payment_intent.requires_action", "payment_intent.succeeded", "refund.created", "charge.refunded",
		"payment_intent.payment_failed",
	}
	testkit.Eventually(t, 10*time.Second, func() bool { return len(endpoint.Got()) == len(want) })
	require.ElementsMatch(t, want, endpoint.Types())
	for _, d := range endpoint.Got() {
		e, err := client.VerifyWebhook(d.Body, d.Signature, []config.Secret{sandboxtest.WebhookSecret}, time.Now())
		require.NoError(t, err)
		require.Equal(t, d.ID, e.ID)
		require.NotEmpty(t, e.IntentID)
		switch e.Type {
		case "refund.created":
			require.Equal(t, refunded.ProviderID, e.ProviderRefundID)
			require.Equal(t, "r1", e.RefundID)
			require.Equal(t, asked.IntentID, e.IntentID)
		case "payment_intent.payment_failed":
			require.Equal(t, "p2", e.PaymentID)
		default:
			require.Equal(t, asked.IntentID, e.IntentID)
			require.Equal(t, "p1", e.PaymentID)
			require.Equal(t, "order-p1", e.OrderID)
		}
	}
}
