package app_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/handler"
)

func TestStock_OfAProductWithoutStockIsZeroWhenTheCatalogueKnowsIt(t *testing.T) {
	t.Parallel()
	d := open(t)
	anybody := &person{depot: d}
	lamp, unknown := d.catalogue.lamp(), uuid.NewString()
	for range 2 { // both answers are remembered
		r := anybody.call(http.MethodGet, "/stock/"+lamp, "")
		require.Equal(t, handler.Availability{ProductID: lamp}, as[handler.Availability](t, r))
		require.Equal(t, http.StatusOK, anybody.call(http.MethodHead, "/stock/"+lamp, "").Status)

		r = anybody.call(http.MethodGet, "/stock/"+unknown, "")
		require.Equal(t, http.StatusNotFound, r.Status, r.Body)
		require.Equal(t, "not_found", r.code(t))
		require.Equal(t, http.StatusNotFound, anybody.call(http.MethodHead, "/stock/"+unknown, "").Status)
	}
	require.EqualValues(t, 2, d.catalogue.calls.Load(), "one for each product")
}

func TestStock_OfAProductWithAStockRowNeedsNoCatalogue(t *testing.T) {
	t.Parallel()
	d := open(t)
	p, warehouse := d.worker(), d.warehouse()
	full, empty := uuid.NewString(), uuid.NewString()
	d.fill(full, warehouse, 3)
	d.fill(empty, warehouse, 1)
	_, err := d.db.Pool.Exec(t.Context(), `update stock set reserved = on_hand where product_id = $1`, empty)
	require.NoError(t, err)
	d.catalogue.away.Store(true)
	require.EqualValues(t, 3, d.available(full))
	require.Zero(t, d.available(empty))

	// A list that is narrowed to a product which nobody knows is empty, as every list is without a match.
	for _, path := range []string{"/stock", "/movements"} {
		require.Len(t, as[web.List[any]](t, p.call(http.MethodGet, path+"?product_id="+full, "")).Items, 1, path)
		require.Empty(t, as[web.List[any]](t, p.call(http.MethodGet, path+"?product_id="+uuid.NewString(), "")).Items, path)
	}
	require.Zero(t, d.catalogue.calls.Load())
}

func TestStock_OfAProductWithoutStockMakesOneCallForManyReaders(t *testing.T) {
	t.Parallel()
	d := open(t)
	lamp := d.catalogue.lamp()
	var reading sync.WaitGroup
	statuses := make(chan int, 30)
	for range cap(statuses) {
		reading.Go(func() { statuses <- (&person{depot: d}).call(http.MethodGet, "/stock/"+lamp, "").Status })
	}
	reading.Wait()
	close(statuses)
	for status := range statuses {
		require.Equal(t, http.StatusOK, status)
	}
	require.EqualValues(t, 1, d.catalogue.calls.Load())
}

func TestStock_OfAProductWithoutStockIs503WhileTheCatalogueIsAway(t *testing.T) {
	t.Parallel()
	d := open(t)
	lamp := d.catalogue.lamp()
	d.catalogue.away.Store(true)
	r := (&person{depot: d}).call(http.MethodGet, "/stock/"+lamp, "")
	require.Equal(t, http.StatusServiceUnavailable, r.Status, r.Body)
	require.Equal(t, "catalogue_unavailable", r.code(t))
	require.Equal(t, "2", r.Header.Get("Retry-After"))
	d.catalogue.away.Store(false)
	require.Zero(t, d.available(lamp), "the failure is not remembered")

	p := d.worker()
	p.stock(p.openWarehouse("LON").ID, lamp, 4)
	require.EqualValues(t, 4, d.available(lamp), "stock is not remembered either")
}
