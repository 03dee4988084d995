package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// A shop that somebody began to fill: half of every category's products are there, the others are created beside each other.
func TestEnsureProducts_GoesOnWhereARunStopped(t *testing.T) {
	goods, err := readCatalogue()
	require.NoError(t, err)
	reply := func(w http.ResponseWriter, body any) { _ = json.NewEncoder(w).Encode(body) }
	var known []map[string]string
	for _, c := range goods {
		for i, v := range c.variants() {
			if i%2 == 0 {
				known = append(known, map[string]string{"id": "known " + v.sku, "sku": v.sku})
			}
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/categories", func(w http.ResponseWriter, _ *http.Request) { reply(w, map[string]any{}) })
	mux.HandleFunc("POST /api/v1/categories", func(w http.ResponseWriter, r *http.Request) {
		var asked struct{ Name string }
		_ = json.NewDecoder(r.Body).Decode(&asked)
		reply(w, map[string]string{"id": "id of " + asked.Name, "name": asked.Name})
	})
	mux.HandleFunc("GET /api/v1/products", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string]any{"items": known})
	})
	mux.HandleFunc("POST /api/v1/products", func(w http.ResponseWriter, r *http.Request) {
		var asked product
		_ = json.NewDecoder(r.Body).Decode(&asked)
		reply(w, map[string]string{"id": "new " + asked.SKU + " in " + asked.CategoryID})
	})
	server := httptest.NewServer(mux)
	defer server.Close()

	said := 0
	someone := newClient(server.URL)
	ids, err := ensureProducts(t.Context(), someone, someone, goods, func(string) { said++ })
	require.NoError(t, err)
	require.Equal(t, 1+len(goods), said, "a line of progress for each category")
	require.Len(t, ids, goods.size())
	for _, c := range goods {
		for i, v := range c.variants() {
			want := "known " + v.sku
			if i%2 == 1 {
				want = "new " + v.sku + " in id of " + c.Name
			}
			require.Equal(t, want, ids[v.sku])
		}
	}
}
