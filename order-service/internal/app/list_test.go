package app_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/handler"
	"marketplace/shared/web"
)

func (p *person) list(query string) (list web.List[handler.Summary]) {
	p.shop.t.Helper()
	r := p.call(http.MethodGet, orders+query, "")
	require.Equal(p.shop.t, http.StatusOK, r.Status, r.Body)
	require.NoError(p.shop.t, json.Unmarshal([]byte(r.Body), &list))
	return list
}

func TestList_PagesWithoutGapsOrRepeats(t *testing.T) {
	t.Parallel()
	s := open(t)
	p, lamp := s.customer(), s.catalogue.lamp()
	require.Equal(t, `{"items":[]}`+"\n", p.call(http.MethodGet, orders, "").Body)
	var placed []handler.Order
	for range 7 {
		placed = append([]handler.Order{p.place(item(lamp, 1))}, placed...)
	}
	s.customer().place(item(lamp, 1)) // somebody else's
	// As if all had been placed in one moment: the id decides.
	_, err := s.db.Pool.Exec(t.Context(), "update orders set placed_at = '2026-01-01T12:00:00Z'")
	require.NoError(t, err)

	var got []string
	for query := "?limit=3"; ; {
		page := p.list(query)
		for _, o := range page.Items {
			got = append(got, o.ID)
			require.EqualValues(t, 1, o.Units)
		}
		if page.NextCursor == "" {
			break
		}
		require.Len(t, page.Items, 3)
		p.place(item(lamp, 1)) // a newer one shifts nothing
		query = "?limit=3&cursor=" + page.NextCursor
	}
	var want []string
	for _, o := range placed {
		want = append(want, o.ID)
	}
	require.Equal(t, want, got)
}

func TestList_FiltersByStatus(t *testing.T) {
	t.Parallel()
	s := open(t)
	p, lamp := s.customer(), s.catalogue.lamp()
	stays, goes := p.place(item(lamp, 1)), p.place(item(lamp, 1))
	p.call(http.MethodPost, orders+"/"+goes.ID+"/cancel", "{}")
	support := s.customer("support")
	for query, want := range map[string][]string{
		"?status=pending": {stays.ID}, "?status=cancelled": {goes.ID}, "?status=delivered": nil, "": {goes.ID, stays.ID},
	} {
		var got []string
		for _, o := range p.list(query).Items {
			got = append(got, o.ID)
		}
		require.Equal(t, want, got, query)
	}
	require.Equal(t, goes.ID, support.list("?scope=all&status=cancelled").Items[0].ID)
	require.Len(t, support.list("?scope=all").Items, 2)
}
