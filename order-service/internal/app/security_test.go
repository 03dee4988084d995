package app_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/auth/authtest"
)

// routes are all of the service's, with an order's id in them.
func routes(id string) []struct{ method, path, body string } {
	return []struct{ method, path, body string }{
		{http.MethodPost, orders, body("")},
		{http.MethodGet, orders, ""},
		{http.MethodGet, orders + "/" + id, ""},
		{http.MethodGet, orders + "/" + id + "?wait=1s", ""},
		{http.MethodGet, orders + "/" + id + "/events", ""},
		{http.MethodPost, orders + "/" + id + "/cancel", "{}"},
	}
}

func TestOrders_P32_SomebodyElsesOrderIsNone(t *testing.T) {
	t.Parallel()
	s := open(t)
	alice := s.customer()
	o := alice.place(item(s.catalogue.lamp(), 1))
	nothing := uuid.NewString()
	for name, other := range map[string]*person{
		"customer": s.customer(), "seller": s.customer(auth.RoleSeller), "warehouse": s.customer(auth.RoleWarehouse),
	} {
		for i, route := range routes(o.ID)[2:] {
			absent := routes(nothing)[2:][i]
			r := other.call(route.method, route.path, route.body)
			require.Equal(t, http.StatusNotFound, r.Status, "%s: %s %s", name, route.method, route.path)
			require.Equal(t, "not_found", r.problem(t).Code)
			same := other.call(absent.method, absent.path, absent.body)
			require.Equal(t, withoutTrace(same.Body), withoutTrace(r.Body), "no way to tell it from an order that is none")
		}
		require.NotContains(t, other.call(http.MethodGet, orders, "").Body, o.ID)
	}
	require.Equal(t, o, alice.get(o.ID))
}

// withoutTrace cuts the trace id, which comes last.
func withoutTrace(body string) string {
	body, _, _ = strings.Cut(body, `"trace_id"`)
	return body
}

func TestOrders_P32_EveryRouteNeedsAToken(t *testing.T) {
	t.Parallel()
	s := open(t)
	o := s.customer().place(item(s.catalogue.lamp(), 1))
	forger := authtest.New(t)
	for name, nobody := range map[string]*person{
		"without a token":       {shop: s},
		"with a forged token":   {shop: s, token: forger.As(t, o.CustomerID, auth.RoleAdmin)},
		"with half a token":     {shop: s, token: s.issuer.As(t, o.CustomerID)[:40]},
		"with another's header": {shop: s, token: "x"},
	} {
		for _, route := range routes(o.ID) {
			r := nobody.call(route.method, route.path, route.body, "X-User-ID", o.CustomerID, "X-User-Roles", "admin")
			require.Equal(t, http.StatusUnauthorized, r.Status, "%s: %s %s", name, route.method, route.path)
			require.NotEmpty(t, r.Header.Get("WWW-Authenticate"))
		}
	}
	require.Equal(t, 1, s.count("select count(*) from order_events"))
}

func TestOrders_P32_StaffReadsAndCancelsAll(t *testing.T) {
	t.Parallel()
	s := open(t)
	lamp := s.catalogue.lamp()
	for _, role := range []string{auth.RoleSupport, auth.RoleAdmin} {
		o := s.customer().place(item(lamp, 1))
		staff := s.customer(role)
		require.Equal(t, o, staff.get(o.ID))
		require.Equal(t, []string{"order.placed"}, staff.timeline(o.ID))
		require.Contains(t, staff.call(http.MethodGet, orders+"?scope=all", "").Body, o.ID)
		require.NotContains(t, staff.call(http.MethodGet, orders, "").Body, o.ID, "one's own only, unless asked for")
		cancelled := staff.call(http.MethodPost, orders+"/"+o.ID+"/cancel", `{"reason":"on the telephone"}`).order(t)
		require.Equal(t, "cancelled_by_support", cancelled.CancelReason.Code)
		require.Equal(t, "on the telephone", cancelled.CancelReason.Details.Note)
	}
}

func TestPlace_P33_ExtraFieldsAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	p, lamp := s.customer(), s.catalogue.lamp()
	for _, field := range []string{`"status":"delivered"`, `"total":{"amount":1,"currency":"USD"}`, `"customer_id":"` + uuid.NewString() + `"`, `"payment_status":"captured"`} {
		wish := strings.Replace(body(item(lamp, 1)), "{", "{"+field+",", 1)
		require.Equal(t, http.StatusUnprocessableEntity, p.call(http.MethodPost, orders, wish, "Idempotency-Key", key()).Status, field)
	}
	for _, field := range []string{`"price":1`, `"name":"Gold"`, `"seller_id":"me"`} {
		wish := body(strings.Replace(item(lamp, 1), "{", "{"+field+",", 1))
		require.Equal(t, http.StatusUnprocessableEntity, p.call(http.MethodPost, orders, wish, "Idempotency-Key", key()).Status, field)
	}
	s.nothingHappened()
}

func TestPlace_P34_IdentityComesFromTheTokenOnly(t *testing.T) {
	t.Parallel()
	s := open(t)
	p, victim := s.customer(), uuid.NewString()
	r := p.call(http.MethodPost, orders, body(item(s.catalogue.lamp(), 1)), "Idempotency-Key", key(),
		"X-User-ID", victim, "X-User-Id", victim, "X-User-Roles", "admin", "X-Forwarded-For", "10.0.0.1", "X-Forwarded-User", victim)
	require.Equal(t, p.id, r.order(t).CustomerID)
	require.Equal(t, http.StatusForbidden, p.call(http.MethodGet, orders+"?scope=all", "", "X-User-Roles", "admin").Status)
}
