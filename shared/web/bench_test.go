package web_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/auth"
	"marketplace/shared/auth/authtest"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
)

// BenchmarkRequest is what the edge, the policy and huma cost together, without the network.
func BenchmarkRequest(b *testing.B) {
	issuer := authtest.New(b)
	s := web.New(web.Options{
		Service: "shop-service", Telemetry: telemetry.Nop(),
		Verifier: auth.NewVerifier(auth.VerifierOptions{JWKSURL: issuer.JWKSURL}),
	})
	web.Handle(s, auth.SignedIn(), huma.Operation{Method: "GET", Path: "/api/v1/things/{id}"},
		func(_ context.Context, in *struct {
			ID web.ID `path:"id"`
		},
		) (*struct{ Body whoami }, error) {
			return &struct{ Body whoami }{whoami{UserID: string(in.ID)}}, nil
		})
	token := "Bearer " + issuer.As(b, "u1")
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequest("GET", "/api/v1/things/0190a0b0-0000-7000-8000-00000000000f", nil)
		req.Header.Set("Authorization", token)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, req)
		if w.Code != 200 {
			b.Fatal(w.Body.String())
		}
	}
}
