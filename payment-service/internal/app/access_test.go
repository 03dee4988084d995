package app_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/handler"
	"marketplace/shared/auth"
)

func TestAccess_P32_EveryRouteAsksItsPolicy(t *testing.T) {
	t.Parallel()
	s := open(t)
	o, d := s.captured("pm_card_visa")
	owner := &person{shop: s, id: o.customer, token: s.issuer.As(t, o.customer)}
	nobody, stranger, seller := &person{shop: s}, s.somebody(), s.somebody(auth.RoleSeller, auth.RoleWarehouse)
	one, refunds := "/api/v1/payments/"+d.ID, "/api/v1/payments/"+d.ID+"/refunds"
	for _, c := range []struct {
		who          *person
		method, path string
		want         int
	}{
		{nobody, http.MethodGet, "/api/v1/payments", 401},
		{nobody, http.MethodGet, one, 401},
		{nobody, http.MethodPost, refunds, 401},
		{stranger, http.MethodGet, one, 404},
		{seller, http.MethodGet, one, 404},
		{stranger, http.MethodPost, refunds, 403},
		{owner, http.MethodPost, refunds, 403},
		{seller, http.MethodPost, refunds, 403},
		{owner, http.MethodGet, one, 200},
		{s.support(), http.MethodGet, one, 200},
		{s.somebody(auth.RoleAdmin), http.MethodGet, one, 200},
		{owner, http.MethodGet, "/api/v1/payments/nonsense", 404},
		{owner, http.MethodDelete, one, 405},
		{owner, http.MethodGet, one + "/ledger", 404},
	} {
		body := ""
		if c.method == http.MethodPost {
			body = `{"reason": "mine"}`
		}
		require.Equal(t, c.want, c.who.do(c.method, c.path, body, "Idempotency-Key", "k", "X-User-ID", o.customer, "X-User-Roles", "admin").Status,
			"%s %s", c.method, c.path)
	}
	require.Zero(t, s.count(`select count(*) from refunds`))
}

func TestList_P32_CustomersSeeTheirOwnAndStaffSeesAll(t *testing.T) {
	t.Parallel()
	s := open(t)
	owner := s.somebody()
	var own []order
	for range 3 {
		o := newOrder(owner.id, "pm_card_visa")
		own = append(own, o)
		s.peers.say(reserved(t, o))
		s.becomes(o.id, "captured")
	}
	other, _ := s.captured("pm_card_visa")
	list := func(p *person, query string) (page struct {
		Items []handler.Payment
		Next  string `json:"next_cursor"`
	},
	) {
		r := p.do(http.MethodGet, "/api/v1/payments"+query, "")
		require.Equal(t, http.StatusOK, r.Status, r.Body)
		require.NoError(t, json.Unmarshal([]byte(r.Body), &page))
		return page
	}
	orders := func(items []handler.Payment) (ids []string) {
		for _, p := range items {
			ids = append(ids, p.OrderID)
		}
		return ids
	}
	page := list(owner, "?limit=2")
	require.Equal(t, []string{own[2].id, own[1].id}, orders(page.Items), "the newest first")
	rest := list(owner, "?limit=2&cursor="+page.Next)
	require.Equal(t, []string{own[0].id}, orders(rest.Items))
	require.Empty(t, rest.Next)
	require.Len(t, list(s.support(), "").Items, 4)
	require.Equal(t, []string{own[1].id}, orders(list(owner, "?order_id="+own[1].id).Items))
	require.Empty(t, list(owner, "?order_id="+other.id).Items)
	require.Len(t, list(s.support(), "?order_id="+other.id).Items, 1)
	require.Equal(t, []handler.Payment{}, list(s.somebody(), "").Items)

	for query, code := range map[string]int{"?limit=0": 422, "?limit=101": 422, "?order_id=x": 422, "?cursor=%21": 422, "?cursor=eyJpZCI6ICJ4In0": 422} {
		require.Equal(t, code, owner.do(http.MethodGet, "/api/v1/payments"+query, "").Status, query)
	}
}

func TestRefund_P33_BadBodiesHaveNoEffectAndAreNotEchoed(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, d := s.captured("pm_card_visa")
	support := s.support()
	for body, want := range map[string]int{
		``:                               http.StatusBadRequest,
		`null`:                           http.StatusUnprocessableEntity,
		`{`:                              http.StatusBadRequest,
		`[]`:                             http.StatusUnprocessableEntity,
		`{}`:                             http.StatusUnprocessableEntity,
		`{"reason": ""}`:                 http.StatusUnprocessableEntity,
		`{"reason": "x", "amount": 100}`: http.StatusUnprocessableEntity,
		`{"reason": "x", "amount": {"amount": 100, "currency": "EUR"}}`:     http.StatusUnprocessableEntity,
		`{"reason": "x", "amount": {"amount": 0, "currency": "USD"}}`:       http.StatusUnprocessableEntity,
		`{"reason": "x", "amount": {"amount": -1, "currency": "USD"}}`:      http.StatusUnprocessableEntity,
		`{"reason": "x", "amount": {"amount": 1.5, "currency": "USD"}}`:     http.StatusUnprocessableEntity,
		`{"reason": "x", "amount": {"amount": "12345", "currency": "USD"}}`: http.StatusUnprocessableEntity,
		`{"reason": "x", "amount": null}`:                                   http.StatusUnprocessableEntity,
		`{"reason": "x", "amount": {"amount": null, "currency": "USD"}}`:    http.StatusUnprocessableEntity,
		`{"reason": null, "amount": {"amount": 1, "currency": "USD"}}`:      http.StatusUnprocessableEntity,
		`{"reason": "\ud83d"}`:               http.StatusBadRequest,
		"{\"reason\": \"\xff\"}":             http.StatusBadRequest,
		`{"reason": "x", "AMOUNT": 5}`:       http.StatusUnprocessableEntity,
		`{"reason": "x", "status": "done"}`:  http.StatusUnprocessableEntity,
		`{"reason": "x", "currency": "EUR"}`: http.StatusUnprocessableEntity,
		`{"reason": "x", "amount": {"amount": 9223372036854775807, "currency": "USD"}}`:  http.StatusConflict,
		`{"reason": "x", "amount": {"amount": 92233720368547758080, "currency": "USD"}}`: http.StatusUnprocessableEntity,
	} {
		r := support.refund(d.ID, uuid.NewString(), body)
		require.Equal(t, want, r.Status, "%s: %s", body, r.Body)
		require.NotEmpty(t, r.code(t))
		require.NotContains(t, r.Body, "12345")
	}
	require.Zero(t, s.count(`select count(*) from refunds`))
	require.Equal(t, "captured", s.payment(d.OrderID).Status)
}
