package app_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/handler"
	"marketplace/shared/testkit"
)

// What a POST replies is what is read later; a payment that is known already is not sent again.
func TestPayments_RepliesArePreciselyWhatIsReadLater(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, d := s.captured("pm_card_visa")
	s.dispatch(o)
	support, path := s.support(), "/api/v1/payments/"+d.ID
	r := support.refund(d.ID, "key", `{"amount":{"amount":100,"currency":"USD"},"reason":" a\u00a0scratch "}`)
	require.Equal(t, http.StatusCreated, r.Status, r.Body)
	var made handler.Refund
	require.NoError(t, json.Unmarshal([]byte(r.Body), &made))
	settled := s.becomes(o.id, "partially_refunded").Refunds[0]
	require.Equal(t, []any{made.ID, made.Amount, "a scratch"}, []any{settled.ID, settled.Amount, settled.Reason})

	for _, method := range []string{http.MethodGet, http.MethodHead} {
		testkit.Eventually(t, time.Minute, func() bool { // what is still told about the refund changes the version
			known := support.do(http.MethodGet, path, "").Header.Get("ETag")
			return support.do(method, path, "", "If-None-Match", known).Status == http.StatusNotModified
		})
		require.Equal(t, http.StatusOK, support.do(method, path, "", "If-None-Match", `"0"`).Status)
	}
}
