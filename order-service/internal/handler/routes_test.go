package handler_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/handler"
	"marketplace/shared/auth"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
)

func TestRegister_P32_EveryRouteHasAPolicyThatNeedsAToken(t *testing.T) {
	s := web.New(web.Options{Service: "order-service", Telemetry: telemetry.Nop(), Verifier: auth.NewVerifier(auth.VerifierOptions{})})
	(&handler.Orders{}).Register(s)
	require.NotEmpty(t, s.Routes())
	for _, r := range s.Routes() {
		require.True(t, r.Policy.Valid(), r.Path)
		require.True(t, r.Policy.NeedsToken(), r.Path)
	}
}
