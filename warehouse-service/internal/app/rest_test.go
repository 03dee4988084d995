package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/handler"
)

func TestPolicies_P32_OnlyAvailabilityIsForEverybody(t *testing.T) {
	t.Parallel()
	d := open(t)
	server := web.New(web.Options{Service: "warehouse-service", Telemetry: telemetry.Nop()})
	(&handler.Handler{}).Register(server)
	nobody, customer := &person{depot: d}, d.person(auth.RoleSeller, auth.RoleSupport)
	require.NotEmpty(t, server.Routes())
	for _, route := range server.Routes() {
		name := route.Method + " " + route.Path
		if route.Path == "/api/v1/stock/{product_id}" {
			require.False(t, route.Policy.NeedsToken(), name)
			continue
		}
		path := strings.NewReplacer("/api/v1", "", "{id}", uuid.NewString()).Replace(route.Path)
		require.Equal(t, http.StatusUnauthorized, nobody.call(route.Method, path, "").Status, name)
		require.Equal(t, http.StatusForbidden, customer.call(route.Method, path, "").Status, name)
	}
}

func TestSupplies_P19_P20_ARepeatedReceiptIsCountedOnce(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := d.worker()
	lamp := d.catalogue.lamp()
	supply := p.expect(p.openWarehouse("LON").ID, lamp, 10)
	path, key := "/supplies/"+supply.ID+"/receive", uuid.NewString()

	first := p.call(http.MethodPost, path, lines(lamp, 4), "Idempotency-Key", key)
	require.Equal(t, http.StatusOK, first.Status, first.Body)
	again := p.call(http.MethodPost, path, lines(lamp, 4), "Idempotency-Key", key)
	require.Equal(t, first.Body, again.Body)
	require.Equal(t, first.Header.Get("ETag"), again.Header.Get("ETag"))
	require.EqualValues(t, 4, d.available(lamp))
	require.Equal(t, "idempotency_key_reused", p.call(http.MethodPost, path, lines(lamp, 5), "Idempotency-Key", key).code(t))

	other := d.worker() // P22: keys are scoped to the user
	require.Equal(t, http.StatusOK, other.call(http.MethodPost, path, lines(lamp, 4), "Idempotency-Key", key).Status)
	require.EqualValues(t, 8, d.available(lamp))
	d.invariants()
}

func TestSupplies_P19_ARepeatedOrderNeedsNoCatalogue(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := d.worker()
	body := fmt.Sprintf(`{"warehouse_id":%q,"supplier":"Acme","lines":[{"product_id":%q,"quantity":1}]}`, p.openWarehouse("LON").ID, d.catalogue.lamp())
	key := uuid.NewString()
	first := p.call(http.MethodPost, "/supplies", body, "Idempotency-Key", key)
	require.Equal(t, http.StatusCreated, first.Status, first.Body)
	d.catalogue.away.Store(true)
	again := p.call(http.MethodPost, "/supplies", body, "Idempotency-Key", key)
	require.Equal(t, http.StatusCreated, again.Status, again.Body)
	require.Equal(t, first.Body, again.Body)
}

func TestSupplies_ADateThatNoReplyCanWriteIsRefused(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := d.worker()
	warehouse, lamp := p.openWarehouse("LON").ID, d.catalogue.lamp()
	for _, at := range []string{"9999-12-31T23:59:59-14:00", "0000-01-01T00:00:00+14:00"} {
		body := fmt.Sprintf(`{"warehouse_id":%q,"supplier":"Acme","expected_at":%q,"lines":[{"product_id":%q,"quantity":1}]}`, warehouse, at, lamp)
		reply := p.call(http.MethodPost, "/supplies", body)
		require.Equal(t, http.StatusUnprocessableEntity, reply.Status, reply.Body)
	}
}

func TestSupplies_TwentyReceiptsAtOnceNeverTakeMoreThanWasOrdered(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := d.worker()
	lamp := d.catalogue.lamp()
	supply := p.expect(p.openWarehouse("LON").ID, lamp, 12)
	var racing sync.WaitGroup
	codes := make(chan string, 20)
	for range 20 {
		racing.Go(func() {
			r := p.call(http.MethodPost, "/supplies/"+supply.ID+"/receive", lines(lamp, 1))
			if r.Status == http.StatusOK {
				codes <- "ok"
				return
			}
			codes <- r.code(t)
		})
	}
	racing.Wait()
	close(codes)
	seen := map[string]int{}
	for code := range codes {
		seen[code]++
	}
	require.Equal(t, map[string]int{"ok": 12, "supply_closed": 8}, seen)
	require.EqualValues(t, 12, d.available(lamp))
	d.invariants()
}

func TestSupplies_AreCancelledAndListed(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := d.worker()
	lamp, warehouse := d.catalogue.lamp(), p.openWarehouse("LON")
	var made []string
	for range 3 {
		made = append(made, p.expect(warehouse.ID, lamp, 5).ID)
	}
	cancelled := as[handler.Supply](t, p.call(http.MethodPost, "/supplies/"+made[0]+"/cancel", ""))
	require.Equal(t, "cancelled", cancelled.Status)
	require.Equal(t, "supply_closed", p.call(http.MethodPost, "/supplies/"+made[0]+"/receive", lines(lamp, 1)).code(t))

	page := as[web.List[handler.SupplySummary]](t, p.call(http.MethodGet, "/supplies?limit=2", ""))
	require.Equal(t, []string{made[2], made[1]}, []string{page.Items[0].ID, page.Items[1].ID})
	require.EqualValues(t, 5, page.Items[0].Ordered)
	require.Zero(t, page.Items[0].Received)
	rest := as[web.List[handler.SupplySummary]](t, p.call(http.MethodGet, "/supplies?limit=2&cursor="+page.NextCursor, ""))
	require.Equal(t, made[0], rest.Items[0].ID)
	require.Empty(t, rest.NextCursor)
	open := as[web.List[handler.SupplySummary]](t, p.call(http.MethodGet, "/supplies?status=expected&warehouse_id="+warehouse.ID, ""))
	require.Len(t, open.Items, 2)
}

func TestWarehouses_AreChangedByWhoKnowsThem(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := d.worker()
	london := p.openWarehouse("LON")
	p.openWarehouse("PAR")
	require.Equal(t, "code_taken", p.call(http.MethodPost, "/warehouses", `{"code":"LON","name":"Other"}`).code(t))

	path := "/warehouses/" + london.ID
	r := p.call(http.MethodPatch, path, `{"name":"London, Docklands"}`, "If-Match", `"1"`)
	require.Equal(t, `"2"`, r.Header.Get("ETag"))
	require.Equal(t, "London, Docklands", as[handler.Warehouse](t, r).Name)
	require.Equal(t, "version_mismatch", p.call(http.MethodPatch, path, `{"name":"Late"}`, "If-Match", `"1"`).code(t))
	require.Equal(t, "code_taken", p.call(http.MethodPatch, path, `{"code":"PAR"}`).code(t))

	first := as[web.List[handler.Warehouse]](t, p.call(http.MethodGet, "/warehouses?limit=1", ""))
	require.Equal(t, "LON", first.Items[0].Code)
	second := as[web.List[handler.Warehouse]](t, p.call(http.MethodGet, "/warehouses?limit=1&cursor="+first.NextCursor, ""))
	require.Equal(t, "PAR", second.Items[0].Code)
}

func TestStock_IsListedInPages(t *testing.T) {
	t.Parallel()
	d := open(t)
	p, warehouse := d.worker(), d.warehouse()
	for i := range 5 {
		d.fill(newOrder(), warehouse, int64(8+i))
	}
	seen := 0
	for cursor := ""; ; {
		page := as[web.List[handler.StockRow]](t, p.call(http.MethodGet, "/stock?limit=2&cursor="+cursor, ""))
		seen += len(page.Items)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
	}
	require.Equal(t, 5, seen)
	low := as[web.List[handler.StockRow]](t, p.call(http.MethodGet, "/stock?low=true&warehouse_id="+warehouse, ""))
	require.Len(t, low.Items, 2)
	ledger := as[web.List[handler.Movement]](t, p.call(http.MethodGet, "/movements?limit=3&warehouse_id="+warehouse, ""))
	require.Len(t, ledger.Items, 3)
	rest := as[web.List[handler.Movement]](t, p.call(http.MethodGet, "/movements?limit=3&warehouse_id="+warehouse+"&cursor="+ledger.NextCursor, ""))
	require.Len(t, rest.Items, 2)
}

func TestBadInput_IsRefusedWithACodeAndNoEffect(t *testing.T) {
	t.Parallel()
	d := open(t)
	p := d.worker()
	lamp, warehouse := d.catalogue.lamp(), p.openWarehouse("LON").ID
	supply := p.expect(warehouse, lamp, 5).ID
	effects := func() int {
		return d.count(`select (select count(*) from supplies) + (select count(*) from stock) + (select count(*) from warehouses)
			+ (select count(*) from movements) + (select count(*) from idempotency_keys)`)
	}
	before := effects()
	const canary = "Kanarienvogel"
	receive := "/supplies/" + supply + "/receive"
	many := strings.TrimSuffix(strings.Repeat(`{"product_id":"`+lamp+`","quantity":1},`, 101), ",")
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		code                     string
	}{
		{"malformed JSON", "POST", "/supplies", `{"supplier":"` + canary, 400, "malformed"},
		{"null", "POST", "/supplies", `null`, 422, ""},
		{"unknown field", "POST", "/warehouses", `{"code":"A","name":"A","id":"` + canary + `"}`, 422, "invalid"},
		{"another's field", "POST", receive, `{"lines":[{"product_id":"` + lamp + `","quantity":1,"received":5}]}`, 422, "invalid"},
		{"wrong case", "POST", "/warehouses", `{"CODE":"A","name":"A"}`, 422, ""},
		{"wrong type", "POST", "/supplies", supplyBody(warehouse, lamp, 1)[:1] + `"supplier":5}`, 422, ""},
		{"a string for a number", "POST", receive, `{"lines":[{"product_id":"` + lamp + `","quantity":"` + canary + `"}]}`, 422, "invalid"},
		{"a fraction", "POST", receive, `{"lines":[{"product_id":"` + lamp + `","quantity":1.5}]}`, 422, "invalid"},
		{"beyond every number", "POST", receive, `{"lines":[{"product_id":"` + lamp + `","quantity":1e300}]}`, 422, "invalid"},
		{"null lines", "POST", receive, `{"lines":null}`, 422, "invalid"},
		{"a null line", "POST", receive, `{"lines":[null]}`, 422, "invalid"},
		{"more than 100 lines", "POST", receive, `{"lines":[` + many + `]}`, 422, "invalid"},
		{"no product", "POST", receive, lines(canary, 1), 422, "invalid"},
		{"a NUL in a name", "POST", "/warehouses", `{"code":"A","name":"A\u0000"}`, 422, "invalid_text"},
		{"no lines", "POST", "/supplies/" + supply + "/receive", `{"lines":[]}`, 422, ""},
		{"zero", "POST", "/supplies/" + supply + "/receive", lines(lamp, 0), 422, ""},
		{"negative", "POST", "/supplies/" + supply + "/receive", lines(lamp, -1), 422, ""},
		{"huge", "POST", "/supplies/" + supply + "/receive", lines(lamp, 1_000_001), 422, ""},
		{"more than ordered", "POST", "/supplies/" + supply + "/receive", lines(lamp, 6), 422, "more_than_ordered"},
		{"not on the supply", "POST", "/supplies/" + supply + "/receive", lines(uuid.NewString(), 1), 422, "product_not_on_supply"},
		{"unknown product", "POST", "/supplies", supplyBody(warehouse, uuid.NewString(), 1), 422, "product_unknown"},
		{"unknown warehouse", "POST", "/supplies", supplyBody(uuid.NewString(), lamp, 1), 422, "invalid"},
		{"duplicate lines beyond a million", "POST", "/supplies", fmt.Sprintf(`{"warehouse_id":"%s","supplier":"A","lines":[
			{"product_id":"%s","quantity":1000000},{"product_id":"%s","quantity":1}]}`, warehouse, lamp, lamp), 422, "invalid"},
		{"absent supply", "POST", "/supplies/" + uuid.NewString() + "/receive", lines(lamp, 1), 404, "not_found"},
		{"malformed id", "GET", "/supplies/nonsense", "", 404, "not_found"},
		{"absent shipment", "POST", "/shipments/" + uuid.NewString() + "/deliver", "", 404, "not_found"},
		{"tracking number with a NUL", "POST", "/shipments/" + uuid.NewString() + "/dispatch", `{"tracking_number":"a\u0000"}`, 422, ""},
		{"cursor", "GET", "/supplies?cursor=nonsense!", "", 422, "cursor_invalid"},
		{"filter", "GET", "/shipments?order_id=nonsense", "", 422, "invalid"},
		{"limit", "GET", "/stock?limit=1000", "", 422, ""},
		{"no order", "GET", "/reservations", "", 422, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := p.call(c.method, c.path, c.body)
			require.Equal(t, c.status, r.Status, r.Body)
			code := r.code(t)
			require.NotEmpty(t, code)
			if c.code != "" {
				require.Equal(t, c.code, code)
			}
			for _, sent := range []string{canary, lamp, warehouse} {
				require.NotContains(t, r.Body, sent, "a reply never repeats what was sent")
			}
		})
	}
	require.Equal(t, before, effects())

	d.catalogue.away.Store(true)
	r := p.call(http.MethodPost, "/supplies", supplyBody(warehouse, lamp, 1))
	require.Equal(t, http.StatusServiceUnavailable, r.Status)
	require.Equal(t, "catalogue_unavailable", r.code(t))
	require.Equal(t, before, effects())
}
