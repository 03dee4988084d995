package client_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/sandbox"
	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
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
		PaymentID: id, OrderID: "order-" + id, Amount: cents(1299), Method: method, Key: "pay_" + id,
	}
}

func cents(amount int64) domain.ProcessorAmount {
	return domain.ProcessorAmount{Amount: amount, Currency: "usd"}
}

func TestCharge_Facts(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	for method, want := range map[string]struct {
		kind               domain.FactKind
		code, brand, last4 string
	}{
		"pm_card_visa":                                     {domain.FactSucceeded, "", "visa", "4242"},
		"pm_card_mastercard":                               {domain.FactSucceeded, "", "mastercard", "4444"},
		"pm_card_amex":                                     {domain.FactSucceeded, "", "amex", "0005"},
		"pm_card_chargeDeclined":                           {domain.FactDeclined, "generic_decline", "visa", "0002"},
		"pm_card_visa_chargeDeclined":                      {domain.FactDeclined, "generic_decline", "visa", "0002"},
		"pm_card_chargeDeclinedInsufficientFunds":          {domain.FactDeclined, "insufficient_funds", "visa", "9995"},
		"pm_card_visa_chargeDeclinedInsufficientFunds":     {domain.FactDeclined, "insufficient_funds", "visa", "9995"},
		"pm_card_visa_chargeDeclinedLostCard":              {domain.FactDeclined, "lost_card", "visa", "9987"},
		"pm_card_visa_chargeDeclinedStolenCard":            {domain.FactDeclined, "stolen_card", "visa", "9979"},
		"pm_card_chargeDeclinedExpiredCard":                {domain.FactDeclined, "expired_card", "visa", "0069"},
		"pm_card_chargeDeclinedIncorrectCvc":               {domain.FactDeclined, "incorrect_cvc", "visa", "0127"},
		"pm_card_chargeDeclinedProcessingError":            {domain.FactDeclined, "processing_error", "visa", "0119"},
		"pm_card_visa_chargeDeclinedVelocityLimitExceeded": {domain.FactDeclined, "card_velocity_exceeded", "visa", "6975"},
		"pm_card_threeDSecure2Required":                    {domain.FactRequiresAction, "", "", ""},
		"pm_card_authenticationRequired":                   {domain.FactRequiresAction, "", "", ""},
		"pm_sandbox_processing":                            {client.Pending, "", "", ""},
	} {
		got, err := a.Charge(t.Context(), charge(method, method))
		require.NoError(t, err, method)
		require.NotEmpty(t, got.IntentID, method)
		require.Equal(t, want.kind == domain.FactRequiresAction, got.ClientSecret != "", method)
		expected := client.Charge{
			Fact: domain.Fact{Kind: want.kind, IntentID: got.IntentID}, Amount: cents(1299), ClientSecret: got.ClientSecret,
			Brand: want.brand, Last4: want.last4, PaymentID: method, OrderID: "order-" + method,
		}
		if want.kind == domain.FactSucceeded {
			expected.Received = cents(1299)
		}
		if want.code != "" {
			require.NotNil(t, got.Failure, method)
			require.NotEmpty(t, got.Failure.Message, method)
			expected.Failure = &domain.Failure{Code: want.code, Message: got.Failure.Message}
		}
		require.Equal(t, expected, got, method)
	}
}

func TestCharge_RefusedBeforeExecutionIsCertain(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	got, err := adapter(t, s.URL).Charge(t.Context(), charge("p1", "pm_of_nobody"))
	require.NoError(t, err)
	require.Equal(t, domain.FactDeclined, got.Kind)
	require.Equal(t, "resource_missing", got.Failure.Code)
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

	found, ok, _, err := a.FindByPaymentID(t.Context(), "p1", began, "")
	require.NoError(t, err)
	require.True(t, ok, "the list is not behind")
	require.Equal(t, domain.FactSucceeded, found.Kind)

	_, ok, _, err = a.FindByPaymentID(t.Context(), "p1", began.Add(-48*time.Hour), "")
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
	a := adapter(t, s.URL, func(o *client.Options) { o.Timeout = func() time.Duration { return 200 * time.Millisecond } })
	s.Fault(faults.Rule{Effect: faults.DelayBefore, DelayMS: 600})
	_, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.ErrorIs(t, err, client.ErrUncertain)
	testkit.Eventually(t, time.Minute, func() bool { return s.Count(`SELECT count(*) FROM charges WHERE paid`) == 1 },
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
	found, ok, _, err := a.FindByPaymentID(t.Context(), "p1", began, "")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, domain.FactSucceeded, found.Kind)
}

func TestCharge_ReplayIsAHint(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	asked, err := a.Charge(t.Context(), charge("p1", "pm_card_threeDSecure2Required"))
	require.NoError(t, err)
	require.Equal(t, domain.FactRequiresAction, asked.Kind)
	s.Authenticate(asked.IntentID, true)
	again, err := a.Charge(t.Context(), charge("p1", "pm_card_threeDSecure2Required"))
	require.NoError(t, err)
	require.Equal(t, domain.FactSucceeded, again.Kind, "what it is now, not what the kept reply said")

	_, err = a.Charge(t.Context(), charge("p2", "pm_card_chargeDeclined"))
	require.NoError(t, err)
	again, err = a.Charge(t.Context(), charge("p2", "pm_card_chargeDeclined"))
	require.NoError(t, err)
	require.Equal(t, domain.FactRequiresPaymentMethod, again.Kind, "alive: only a cancel makes sure")
	require.Equal(t, "generic_decline", again.Failure.Code)
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
			_, err = a.Refund(t.Context(), client.RefundRequest{RefundID: "r", IntentID: "pi", Amount: cents(1), Key: "ref_r"})
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

// Whoever learns late that a charge has run learns with it that its money did not stay.
func TestRetrieve_ShowsThatTheMoneyMovedSince(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	for name, move := range map[string]func(intentID string){
		"refunded": func(id string) { s.RefundAtConsole(id, 100) },
		"disputed": func(id string) { s.Dispute(id, "needs_response") },
	} {
		paid, err := a.Charge(t.Context(), charge(name, "pm_card_visa"))
		require.NoError(t, err)
		require.False(t, paid.Moved, name)
		move(paid.IntentID)
		read, err := a.Retrieve(t.Context(), paid.IntentID)
		require.NoError(t, err)
		require.True(t, read.Moved, name)
		found, _, _, err := a.FindByPaymentID(t.Context(), name, time.Now(), "")
		require.NoError(t, err)
		require.True(t, found.Moved, name)
		again, err := a.Charge(t.Context(), charge(name, "pm_card_visa"))
		require.NoError(t, err)
		require.True(t, again.Moved, name)
	}
}
