package app_test

import (
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Not parallel: it measures the memory of the process.
func TestPlace_P42_ItemsWithoutEndCostNothing(t *testing.T) {
	s := open(t)
	p := s.customer()
	flood := body(strings.Repeat("{},", 340_000) + "{}")
	require.Greater(t, len(flood), 1_000_000)
	fits := body(strings.Repeat("{},", 10_000) + "{}") // within the limit of the body
	attack := func() {
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				for sent, status := range map[string]int{flood: http.StatusRequestEntityTooLarge, fits: http.StatusUnprocessableEntity} {
					r, err := p.try(http.MethodPost, "/api/v1/orders", sent, "Idempotency-Key", key())
					if err == nil && (r.Status != status || len(r.Body) > 1024) {
						t.Errorf("%d, %d bytes", r.Status, len(r.Body))
					}
				}
			})
		}
		all.Wait()
	}
	attack()
	before := allocated()
	attack()
	each := (allocated() - before) / 24
	t.Logf("12 requests of 340,000 items and 12 of 10,000 at once allocate %d KB each, the test's own client included", each>>10)
	require.Less(t, each, uint64(256<<10))

	r := p.call(http.MethodPost, "/api/v1/orders", fits, "Idempotency-Key", key())
	got := r.problem(t)
	require.Len(t, got.Errors, 1, r.Body)
	require.Equal(t, "body.items", got.Errors[0].Location)
	r = p.call(http.MethodPost, "/api/v1/orders", body(strings.Repeat(`{"product_id":1,"quantity":0},`, 99)+"{}"), "Idempotency-Key", key())
	require.Equal(t, http.StatusUnprocessableEntity, r.Status)
	require.Len(t, r.problem(t).Errors, 20, "the first errors are enough")
	s.nothingHappened()
}

// allocated is how many bytes the process has allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func TestPlace_WhatAnAddressMayLackCanBeSentAsNull(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := s.customer()
	lacking := strings.Replace(body(item(s.catalogue.lamp(), 1)), `"country"`, `"line2":null,"region":null,"phone":null,"country"`, 1)
	r := p.call(http.MethodPost, "/api/v1/orders", lacking, "Idempotency-Key", key())
	require.Equal(t, http.StatusCreated, r.Status, r.Body)
	require.Empty(t, r.order(t).Address.Line2)
	require.NotContains(t, r.Body, "line2")
}

func TestPlace_TheLargestOrderFits(t *testing.T) {
	t.Parallel()
	s := open(t)
	p := s.customer()
	var items []string
	for range 100 {
		items = append(items, "\n    {\n      \"product_id\": \""+s.catalogue.lamp()+"\",\n      \"quantity\": 1\n    }")
	}
	escaped := func(n int) string { return strings.Repeat(`\ud83d\ude00`, n) }
	largest := `{"items":[` + strings.Join(items, ",") + `],"shipping_address":{"name":"` + escaped(200) + `","line1":"` + escaped(200) +
		`","line2":"` + escaped(200) + `","city":"` + escaped(100) + `","region":"` + escaped(100) + `","postal_code":"` + escaped(20) +
		`","country":"GB","phone":"` + escaped(40) + `"},"payment_method_id":"pm_card_visa"}`
	r := p.call(http.MethodPost, "/api/v1/orders", largest, "Idempotency-Key", key())
	require.NotEqual(t, http.StatusRequestEntityTooLarge, r.Status, len(largest))
}
