package journeys

import (
	"bytes"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The tags by which Swagger UI groups the operations: lower-case plurals, the same in all services.
var tags = []string{
	"auth", "categories", "orders", "payments", "products", "shipments", "stock", "supplies", "users", "warehouses", "webhooks",
}

// routes that clients rely on, one or more of every resource.
var routes = []string{
	"post /api/v1/auth/register", "post /api/v1/auth/login", "post /api/v1/auth/refresh", "post /api/v1/auth/logout",
	"get /.well-known/jwks.json",
	"get /api/v1/users", "get /api/v1/users/me", "patch /api/v1/users/me", "post /api/v1/users/me/password",
	"get /api/v1/users/me/sessions", "put /api/v1/users/{id}/roles", "post /api/v1/users/{id}/block", "post /api/v1/users/{id}/unblock",
	"get /api/v1/products", "post /api/v1/products", "get /api/v1/products/{id}", "patch /api/v1/products/{id}",
	"delete /api/v1/products/{id}", "get /api/v1/categories", "post /api/v1/categories",
	"get /api/v1/orders", "post /api/v1/orders", "get /api/v1/orders/{id}", "get /api/v1/orders/{id}/events",
	"post /api/v1/orders/{id}/cancel",
	"get /api/v1/payments", "get /api/v1/payments/{id}", "post /api/v1/payments/{id}/refunds", "post /api/v1/webhooks/stripe",
	"get /api/v1/stock", "get /api/v1/stock/{product_id}", "get /api/v1/movements", "get /api/v1/reservations",
	"get /api/v1/warehouses", "post /api/v1/warehouses", "patch /api/v1/warehouses/{id}",
	"get /api/v1/supplies", "post /api/v1/supplies", "get /api/v1/supplies/{id}", "post /api/v1/supplies/{id}/receive",
	"post /api/v1/supplies/{id}/cancel",
	"get /api/v1/shipments", "post /api/v1/shipments/{id}/dispatch", "post /api/v1/shipments/{id}/deliver",
}

type operation struct {
	OperationID string         `json:"operationId"`
	Summary     string         `json:"summary"`
	Tags        []string       `json:"tags"`
	Responses   map[string]any `json:"responses"`
}

// All five services are one document that a client can be generated from.
func (s *shop) openAPIIsWhole(t *testing.T) {
	var document struct {
		Paths map[string]map[string]operation `json:"paths"`
	}
	var tree any
	var body []byte
	require.Eventually(t, func() bool { // the gateway asks again while a service is still starting
		body = s.Anyone().Do(t, http.MethodGet, "/openapi.json", nil).Want(t, http.StatusOK).Body
		return !slices.ContainsFunc([]string{"users", "products", "orders", "payments", "warehouses"}, func(resource string) bool {
			return !bytes.Contains(body, []byte(`"/api/v1/`+resource+`"`))
		})
	}, quietWithin, 50*time.Millisecond, "all five services are in the document")
	require.NoError(t, json.Unmarshal(body, &document))
	require.NoError(t, json.Unmarshal(body, &tree))
	requireRefs(t, tree, tree)

	known, ids, used := map[string]bool{}, map[string]string{}, map[string]bool{}
	for path, item := range document.Paths {
		for method, o := range item {
			name := method + " " + path
			known[name] = true
			require.NotEmpty(t, o.Summary, name)
			require.NotEmpty(t, o.OperationID, name)
			require.Empty(t, ids[o.OperationID], "%s has the id of another operation", name)
			require.NotEmpty(t, o.Responses, name)
			require.Len(t, o.Tags, 1, name)
			require.Contains(t, tags, o.Tags[0], name)
			ids[o.OperationID], used[o.Tags[0]] = name, true
		}
	}
	for _, route := range routes {
		require.True(t, known[route], "%s is missing", route)
	}
	require.Len(t, used, len(tags), "%v", used)
	require.NotContains(t, s.Process("gateway").Log(), "describe the same name differently")
}

// requireRefs checks that every reference in a part of the document leads somewhere.
func requireRefs(t *testing.T, document, part any) {
	t.Helper()
	switch part := part.(type) {
	case []any:
		for _, item := range part {
			requireRefs(t, document, item)
		}
	case map[string]any:
		if ref, ok := part["$ref"].(string); ok {
			at := document
			for _, step := range strings.Split(strings.TrimPrefix(ref, "#/"), "/") {
				node, _ := at.(map[string]any)
				at = node[step]
			}
			require.NotNil(t, at, "%s leads nowhere", ref)
		}
		for _, item := range part {
			requireRefs(t, document, item)
		}
	}
}

var asset = regexp.MustCompile(`(?:src|href)="([^"]+)"`)

// swaggerIsLocal loads the page and all that it names; a browser would not need anybody else.
func (s *shop) swaggerIsLocal(t *testing.T) {
	page := s.Anyone().Do(t, http.MethodGet, "/swagger/index.html", nil).Want(t, http.StatusOK)
	require.Contains(t, page.Header.Get("Content-Security-Policy"), "default-src 'self'")
	found := asset.FindAllStringSubmatch(string(page.Body), -1)
	require.True(t, slices.ContainsFunc(found, func(m []string) bool { return strings.HasSuffix(m[1], ".js") }))
	for _, match := range found {
		require.True(t, strings.HasPrefix(match[1], "/swagger/"), "%s comes from elsewhere", match[1])
		s.Anyone().Do(t, http.MethodGet, match[1], nil).Want(t, http.StatusOK)
	}
}
