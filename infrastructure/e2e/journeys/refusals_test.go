package journeys

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
)

func (s *shop) othersOrderIsNotThere(t *testing.T) {
	placed := s.shopper.Place(t, client.OrderOf(s.product, 1, visa))
	stranger, _ := s.Anyone().Register(t)
	for _, request := range []struct{ method, path string }{
		{http.MethodGet, ""}, {http.MethodGet, "/events"}, {http.MethodPost, "/cancel"},
	} {
		var body any
		if request.method == http.MethodPost {
			body = map[string]string{"reason": "not mine"}
		}
		stranger.Do(t, request.method, "/api/v1/orders/"+placed.ID+request.path, body).WantProblem(t, http.StatusNotFound, "not_found")
		s.Anyone().Do(t, request.method, "/api/v1/orders/"+placed.ID+request.path, body).Want(t, http.StatusUnauthorized)
	}
	require.Equal(t, "confirmed", s.shopper.Settled(t, placed.ID).Status)
}

func (s *shop) extraFieldsAreRefused(t *testing.T) {
	var body map[string]any
	order := client.OrderOf(s.product, 1, visa)
	for _, extra := range []string{"total", "status", "user_id", "customer_id", "price"} {
		body = map[string]any{
			"items": order.Items, "shipping_address": order.ShippingAddress, "payment_method_id": visa, extra: "1",
		}
		s.shopper.Do(t, http.MethodPost, "/api/v1/orders", body, client.Key()).Want(t, http.StatusUnprocessableEntity)
	}
}

func (s *shop) identityComesFromTheToken(t *testing.T) {
	forged := []client.Header{{Name: "X-User-ID", Value: "00000000-0000-7000-8000-000000000000"}, {Name: "X-User-Roles", Value: "admin"}}
	s.Anyone().Do(t, http.MethodGet, "/api/v1/users/me", nil, forged...).Want(t, http.StatusUnauthorized)
	s.shopper.Do(t, http.MethodGet, "/api/v1/users", nil, forged...).Want(t, http.StatusForbidden)
	changed := s.shopper.WithToken(s.shopper.Token() + "x")
	changed.Do(t, http.MethodGet, "/api/v1/users/me", nil).Want(t, http.StatusUnauthorized)
	changed.Do(t, http.MethodGet, "/api/v1/products", nil).Want(t, http.StatusOK) // a public route takes it for no token
}

// secret stands in every bad request; no reply may repeat it.
const secret = "zebra-7431"

func (s *shop) badInput(t *testing.T) {
	line := func(product string, quantity string) string {
		return `{"items":[{"product_id":"` + product + `","quantity":` + quantity + `}],"shipping_address":` + address +
			`,"payment_method_id":"pm_card_visa"}`
	}
	unknown := "01890000-0000-7000-8000-000000000000"
	many := strings.TrimSuffix(strings.Repeat(`{"product_id":"`+unknown+`","quantity":1},`, 101), ",")
	cases := map[string]struct {
		body   string
		status int
	}{
		"malformed":         {`{"items": [` + secret, http.StatusBadRequest},
		"empty":             {``, http.StatusBadRequest},
		"null":              {`null`, http.StatusUnprocessableEntity},
		"wrong type":        {line(s.product, `"`+secret+`"`), http.StatusUnprocessableEntity},
		"wrong case":        {strings.Replace(line(s.product, "1"), `"items"`, `"ITEMS"`, 1), http.StatusUnprocessableEntity},
		"unknown field":     {strings.Replace(line(s.product, "1"), `{"items"`, `{"`+secret+`":1,"items"`, 1), http.StatusUnprocessableEntity},
		"negative quantity": {line(s.product, "-1"), http.StatusUnprocessableEntity},
		"zero quantity":     {line(s.product, "0"), http.StatusUnprocessableEntity},
		"huge quantity":     {line(s.product, "9223372036854775807"), http.StatusUnprocessableEntity},
		"unknown product":   {line(unknown, "1"), http.StatusUnprocessableEntity},
		"malformed product": {line(secret, "1"), http.StatusUnprocessableEntity},
		"no items":          {strings.Replace(line("", "1"), `{"product_id":"","quantity":1}`, "", 1), http.StatusUnprocessableEntity},
		"too many lines":    {strings.Replace(line("", "1"), `{"product_id":"","quantity":1}`, many, 1), http.StatusUnprocessableEntity},
	}
	before := s.orders(t)
	for name, bad := range cases {
		t.Run(name, func(t *testing.T) {
			reply := s.shopper.Do(t, http.MethodPost, "/api/v1/orders", bad.body, client.Key())
			require.Equal(t, bad.status, reply.Status, "%s", reply.Body)
			require.Equal(t, "application/problem+json", reply.Header.Get("Content-Type"))
			var problem client.Problem
			reply.Into(t, &problem)
			require.NotEmpty(t, problem.Code)
			require.NotContains(t, string(reply.Body), secret)
		})
	}
	t.Run("no key", func(t *testing.T) {
		s.shopper.Do(t, http.MethodPost, "/api/v1/orders", line(s.product, "1")).Want(t, http.StatusUnprocessableEntity)
	})
	t.Run("unknown route", func(t *testing.T) {
		s.shopper.Do(t, http.MethodGet, "/api/v1/"+secret, nil).WantProblem(t, http.StatusNotFound, "route_not_found")
	})
	t.Run("unknown method", func(t *testing.T) {
		s.shopper.Do(t, http.MethodPut, "/api/v1/orders", `{}`).WantProblem(t, http.StatusMethodNotAllowed, "method_not_allowed")
	})
	t.Run("oversized", func(t *testing.T) {
		s.shopper.Do(t, http.MethodPost, "/api/v1/orders", `{"a":"`+strings.Repeat("x", 20<<20)+`"}`, client.Key()).
			Want(t, http.StatusRequestEntityTooLarge)
	})
	require.Equal(t, before, s.orders(t), "bad input placed an order")
}

const address = `{"name":"A","line1":"1 Main Street","city":"Springfield","postal_code":"12345","country":"US"}`

func (s *shop) orders(t *testing.T) int {
	t.Helper()
	var count int
	require.NoError(t, s.DB.QueryRow(t.Context(), "SELECT count(*) FROM order_service.orders").Scan(&count))
	return count
}
