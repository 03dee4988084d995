package handler_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/handler"
	"marketplace/shared/auth"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
)

// A new route has to be written down here with who may use it.
func TestRoutes_P32_EachHasItsPolicy(t *testing.T) {
	s := web.New(web.Options{Service: "payment-service", Title: "Payments", Version: "1", Telemetry: telemetry.Nop()})
	(&handler.Payments{}).Register(s)
	policies := map[string]auth.Policy{}
	for _, r := range s.Routes() {
		policies[r.Method+" "+r.Path] = r.Policy
	}
	require.Equal(t, map[string]auth.Policy{
		"GET /api/v1/payments":                                   auth.SignedIn(),
		"GET /api/v1/payments/{id}":                              auth.SignedIn(),
		"POST /api/v1/payments/{id}/refunds":                     auth.AnyOf(auth.RoleSupport, auth.RoleAdmin),
		"POST /api/v1/payments/{id}/refunds/{refund_id}/confirm": auth.AnyOf(auth.RoleSupport, auth.RoleAdmin),
		"POST /api/v1/payments/{id}/refunds/{refund_id}/reject":  auth.AnyOf(auth.RoleSupport, auth.RoleAdmin),
		"POST /api/v1/payments/{id}/refunds/{refund_id}/settle":  auth.AnyOf(auth.RoleSupport, auth.RoleAdmin),
		"POST /api/v1/webhooks/stripe":                           auth.Public(),
	}, policies)
}
