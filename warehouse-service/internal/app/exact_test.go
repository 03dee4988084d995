package app_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/handler"
)

func TestWarehouses_APatchThatChangesNothingLeavesTheVersion(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := d.worker()
	made := p.openWarehouse("LON")
	for _, body := range []string{`{}`, `{"code":"LON"}`, `{"name":"Depot"}`, `{"name":" Depot ","code":"LON"}`} {
		r := p.call(http.MethodPatch, "/warehouses/"+made.ID, body, "If-Match", `"1"`)
		require.Equal(t, made, as[handler.Warehouse](t, r), body)
		require.Equal(t, `"1"`, r.Header.Get("ETag"))
	}
	require.Equal(t, "version_mismatch", p.call(http.MethodPatch, "/warehouses/"+made.ID, `{}`, "If-Match", `"2"`).code(t))
	require.Equal(t, 2, as[handler.Warehouse](t, p.call(http.MethodPatch, "/warehouses/"+made.ID, `{"name":"Other"}`)).Version)
	require.Equal(t, made.CreatedAt, as[web.List[handler.Warehouse]](t, p.call(http.MethodGet, "/warehouses", "")).Items[0].CreatedAt)
}

func TestSupplies_CancellingTwiceLeavesTheVersion(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := d.worker()
	path := "/supplies/" + p.expect(p.openWarehouse("LON").ID, d.catalogue.lamp(), 1).ID + "/cancel"
	first := p.call(http.MethodPost, path, "")
	require.Equal(t, 2, as[handler.Supply](t, first).Version)
	again := p.call(http.MethodPost, path, "")
	require.Equal(t, first.Body, again.Body)
	require.Equal(t, `"2"`, again.Header.Get("ETag"))
}

// What a POST replies and what is read later are the same to the last digit of a time, whatever the client sent.
func TestReplies_ArePreciselyWhatIsReadLater(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := d.worker()
	r := p.call(http.MethodPost, "/warehouses", `{"code":"LON","name":"Depot"}`)
	require.Equal(t, http.StatusCreated, r.Status, r.Body)
	warehouses := p.call(http.MethodGet, "/warehouses", "").Body
	require.Contains(t, warehouses, r.Body)

	warehouse := as[handler.Warehouse](t, r).ID
	for _, at := range []string{"2026-12-01T10:00:00.123456789+02:00", "2026-12-01T08:00:00.9999999Z", "1969-12-31T23:59:59.1234567Z"} {
		r := p.call(http.MethodPost, "/supplies", fmt.Sprintf(
			`{"warehouse_id":%q,"supplier":"Acme","expected_at":%q,"lines":[{"product_id":%q,"quantity":2}]}`, warehouse, at, d.catalogue.lamp()))
		require.Equal(t, http.StatusCreated, r.Status, r.Body)
		path := r.Header.Get("Location")[len("/api/v1"):]
		read := p.call(http.MethodGet, path, "")
		require.JSONEq(t, r.Body, read.Body)
		require.Equal(t, r.Header.Get("ETag"), read.Header.Get("ETag"))
		requireSummary(t, as[handler.Supply](t, r), p.call(http.MethodGet, "/supplies", ""))

		for _, method := range []string{http.MethodGet, http.MethodHead} {
			known := p.call(method, path, "", "If-None-Match", read.Header.Get("ETag"))
			require.Equal(t, http.StatusNotModified, known.Status)
			require.Empty(t, known.Body)
		}
		product := as[handler.Supply](t, r).Lines[0].ProductID
		r = p.call(http.MethodPost, path+"/receive", lines(product, 1))
		require.JSONEq(t, r.Body, p.call(http.MethodGet, path, "").Body)
		r = p.call(http.MethodPost, path+"/cancel", "")
		require.JSONEq(t, r.Body, p.call(http.MethodGet, path, "").Body)
	}
}

// requireSummary wants the first item of a list to be a supply's summary, with the supply's own times.
func requireSummary(t *testing.T, want handler.Supply, list reply) {
	t.Helper()
	require.Equal(t, handler.SupplySummary{
		ID: want.ID, WarehouseID: want.WarehouseID, Supplier: want.Supplier, ExpectedAt: want.ExpectedAt, Status: want.Status,
		Ordered: want.Lines[0].Quantity, Received: want.Lines[0].Received, CreatedAt: want.CreatedAt, Version: want.Version,
	}, as[web.List[handler.SupplySummary]](t, list).Items[0])
}

func TestShipments_RepliesArePreciselyWhatIsReadLater(t *testing.T) {
	t.Parallel()
	d := open(t)
	others, p := d.newPeers(), d.worker()
	product, order := newOrder(), newOrder()
	d.fill(product, d.warehouse(), 1)
	others.say(placed(t, order, line(product, 1)), confirmed(t, order))
	path := "/shipments/" + p.shipments(order, 1)[0].ID
	for _, command := range []struct{ path, body string }{{"/dispatch", `{"tracking_number":"T-1"}`}, {"/deliver", ""}} {
		r := p.call(http.MethodPost, path+command.path, command.body)
		require.Equal(t, http.StatusOK, r.Status, r.Body)
		require.Contains(t, p.call(http.MethodGet, "/shipments?order_id="+order, "").Body, r.Body)
	}
}
