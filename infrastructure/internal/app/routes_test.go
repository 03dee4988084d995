package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/internal/config"
	"marketplace/shared/testkit"
)

func TestGateway_EveryPathGoesToItsService(t *testing.T) {
	t.Parallel()
	g := start(t, echo, nil)
	for path, service := range map[string]string{
		"/api/v1/auth/login":               "user-service",
		"/api/v1/users/me?full=1":          "user-service",
		"/.well-known/jwks.json":           "user-service",
		"/api/v1/products":                 "product-service",
		"/api/v1/products/a/images/b":      "product-service",
		"/api/v1/categories":               "product-service",
		"/api/v1/images/a/small":           "product-service",
		"/api/v1/orders/a?wait=10s":        "order-service",
		"/api/v1/cart/checkout":            "order-service",
		"/api/v1/seller/orders":            "order-service",
		"/api/v1/returns/a/approve":        "order-service",
		"/api/v1/payments/a/refunds":       "payment-service",
		"/api/v1/payment-methods":          "payment-service",
		"/api/v1/webhooks/stripe":          "payment-service",
		"/api/v1/warehouses":               "warehouse-service",
		"/api/v1/supplies/a/receive":       "warehouse-service",
		"/api/v1/stock/a":                  "warehouse-service",
		"/api/v1/movements?product_id=%7B": "warehouse-service",
		"/api/v1/reservations":             "warehouse-service",
		"/api/v1/shipments/a/dispatch":     "warehouse-service",
		"/api/v1/transfers":                "warehouse-service",
	} {
		got := g.get(t, path).echoed(t)
		require.Equal(t, service, got.Service, path)
		require.Equal(t, path, got.URI)
		require.Equal(t, http.MethodGet, got.Method)
	}
	got := g.send(t, http.MethodPost, "/api/v1/orders", strings.NewReader(`{"items":[]}`), "Idempotency-Key", "k").echoed(t)
	require.Equal(t, len(`{"items":[]}`), got.Body)
	require.Equal(t, "k", got.Header.Get("Idempotency-Key"))
}

// A service knows GET alone; whoever asks for the head of its reply gets it.
func TestGateway_TheHeadOfAReplyIsThatOfARead(t *testing.T) {
	t.Parallel()
	g := start(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		w.Header().Set("ETag", `"7"`)
		echo(w, r)
	}, nil)
	for _, path := range []string{"/api/v1/products/a", "/swagger/index.html"} {
		read, head := g.get(t, path), g.send(t, http.MethodHead, path, nil)
		require.Equal(t, http.StatusOK, head.status, path)
		require.Empty(t, head.body)
		for _, name := range []string{"ETag", "Content-Type"} {
			require.Equal(t, read.header.Get(name), head.header.Get(name), path)
		}
	}
}

func TestGateway_WhatItDoesNotKnowIsAProblem(t *testing.T) {
	t.Parallel()
	g := start(t, echo, nil)
	for _, path := range []string{"/", "/api/v1/", "/api/v1/nothing", "/api/v2/orders", "/api/v1/ordersx", "//api/v1/orders"} {
		requireProblem(t, g.get(t, path), http.StatusNotFound, "route_not_found")
	}
	requireProblem(t, g.send(t, "BREW", "/api/v1/orders", nil), http.StatusMethodNotAllowed, "method_not_allowed")
	requireProblem(t, g.send(t, http.MethodPost, "/openapi.json", nil), http.StatusMethodNotAllowed, "method_not_allowed")
}

func TestGateway_P49_AServiceThatIsAwayIsNamedAndTheRestGoesOn(t *testing.T) {
	t.Parallel()
	g := start(t, echo, func(c *config.Config) { c.OrderServiceURL = "http://127.0.0.1:1" })
	away := g.get(t, "/api/v1/orders")
	requireProblem(t, away, http.StatusServiceUnavailable, "service_unavailable")
	require.NotEmpty(t, away.header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, g.get(t, "/api/v1/products").status)

	ready := g.get(t, "/health/ready")
	require.Equal(t, http.StatusOK, ready.status)
	require.JSONEq(t, `{"status":"degraded","checks":{"order-service":"down","payment-service":"up",
		"product-service":"up","user-service":"up","warehouse-service":"up"}}`, ready.body)
	require.Equal(t, http.StatusOK, g.get(t, "/health/live").status)
}

func TestGateway_OneDocumentOfAllServices(t *testing.T) {
	t.Parallel()
	g := start(t, echo, func(c *config.Config) { c.OrderServiceURL = "http://127.0.0.1:1" })
	testkit.Eventually(t, within, func() bool { return strings.Contains(g.get(t, "/openapi.json").body, "userThing") })

	document := g.get(t, "/openapi.json")
	require.Equal(t, "application/json", document.header.Get("Content-Type"))
	for _, part := range []string{`"openapi":"3.1.0"`, `"/api/v1/user"`, `"/api/v1/product"`, `"Money"`, `{"name":"payment"}`} {
		require.Contains(t, document.body, part)
	}
	require.NotContains(t, document.body, "/internal/")
	require.NotContains(t, document.body, "orderThing")
	require.Equal(t, http.StatusNotModified, g.get(t, "/openapi.json", "If-None-Match", document.header.Get("ETag")).status)

	page := g.get(t, "/swagger/index.html")
	require.Equal(t, http.StatusOK, page.status)
	require.True(t, page.has("/openapi.json"))
	require.False(t, page.has(`src="http`) || page.has(`href="http`), "nothing comes from elsewhere")
	require.Equal(t, http.StatusOK, g.get(t, "/swagger/swagger-ui-bundle.js").status)
	require.Equal(t, http.StatusNotFound, g.get(t, "/swagger/nothing.js").status)
	require.Equal(t, page.body, g.get(t, "/swagger").body, "who types the address is led there")
}

func TestGateway_AnotherSitesPageMayCall(t *testing.T) {
	t.Parallel()
	g := start(t, echo, func(c *config.Config) { c.CORSOrigins = "https://shop.example, https://admin.example" })
	asked := g.send(t, http.MethodOptions, "/api/v1/orders", nil,
		"Origin", "https://shop.example", "Access-Control-Request-Method", "POST")
	require.Equal(t, http.StatusNoContent, asked.status)
	require.Equal(t, "https://shop.example", asked.header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, asked.header.Get("Access-Control-Allow-Headers"), "Idempotency-Key")

	require.Equal(t, "https://admin.example",
		g.get(t, "/api/v1/orders", "Origin", "https://admin.example").header.Get("Access-Control-Allow-Origin"))
	require.Empty(t, g.get(t, "/api/v1/orders", "Origin", "https://evil.example").header.Get("Access-Control-Allow-Origin"))
	unasked := g.get(t, "/api/v1/orders")
	require.Equal(t, []string{"Origin"}, unasked.header.Values("Vary"), "a cache must not give it to a page")
	require.Empty(t, unasked.header.Get("Access-Control-Allow-Origin"))

	open := start(t, echo, nil)
	require.Equal(t, "*", open.get(t, "/api/v1/orders").header.Get("Access-Control-Allow-Origin"), "a cache may")
	require.Empty(t, open.get(t, "/api/v1/orders", "Origin", "https://shop.example").header.Values("Vary"))
}

func TestGateway_MetricsHaveBoundedLabels(t *testing.T) {
	t.Parallel()
	g := start(t, echo, nil)
	g.get(t, "/api/v1/orders/an-id")
	g.get(t, "/nothing/here")
	metrics := g.metrics(t)
	require.True(t, metrics.has(`route="/api/v1/orders/*rest",status="200"`))
	require.True(t, metrics.has(`gateway_upstream_seconds_count{service="order-service",status="200"}`))
	require.Equal(t, http.StatusNotFound, g.get(t, "/metrics").status, "clients reach no metrics")
	require.False(t, metrics.has("an-id") || metrics.has("/nothing"))
}

// A client decides neither the ids of our traces nor which of them are sampled.
func TestGateway_AClientsTraceIsOnlyALink(t *testing.T) {
	t.Parallel()
	g := start(t, echo, nil)
	const trace = "0af7651916cd43dd8448eb211c80319c"
	for _, flags := range []string{"00", "01"} {
		got := g.get(t, "/api/v1/orders", "traceparent", "00-"+trace+"-b7ad6b7169203331-"+flags, "tracestate", "x=1", "baggage", "user=admin").echoed(t).Header
		require.NotContains(t, got.Get("traceparent"), trace)
		require.Regexp(t, "-00$", got.Get("traceparent"), "no collector, so nothing is sampled, whatever the client asks for")
		require.Empty(t, got.Get("tracestate"))
		require.Empty(t, got.Get("baggage"))
	}
}

func TestGateway_ATrustedProxysTraceGoesOn(t *testing.T) {
	t.Parallel()
	g := start(t, echo, func(c *config.Config) { c.TrustedProxies = "127.0.0.0/8" })
	const trace = "0af7651916cd43dd8448eb211c80319c"
	sent := "00-" + trace + "-b7ad6b7169203331-01"
	got := g.get(t, "/api/v1/orders", "traceparent", sent).echoed(t).Header.Get("traceparent")
	require.NotEqual(t, sent, got, "with a span of ours between")
	require.Contains(t, got, trace)
}
