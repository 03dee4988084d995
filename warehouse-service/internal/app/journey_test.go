package app_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	"marketplace/shared/testkit"
	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/config"
	"marketplace/warehouse-service/internal/handler"
)

func TestJourney_FromTheSupplierToTheShoppersDoor(t *testing.T) {
	t.Parallel()
	journey(t, open(t))
}

func TestJourney_P51_WithOneConnection(t *testing.T) {
	t.Parallel()
	journey(t, open(t, func(c *config.Config) { c.MaxConns = 1 }))
}

// journey is goods that come in, are promised, sold and sent, from two warehouses.
func journey(t *testing.T, d *depot) {
	t.Helper()
	others, p := d.newPeers(), d.worker()
	lamp, desk := d.catalogue.lamp(), d.catalogue.lamp()
	london, paris := p.openWarehouse("LON"), p.openWarehouse("PAR")

	supply := p.expect(london.ID, lamp, 5)
	require.Equal(t, "expected", supply.Status)
	part := as[handler.Supply](t, p.call(http.MethodPost, "/supplies/"+supply.ID+"/receive", lines(lamp, 3)))
	require.Equal(t, "partially_received", part.Status)
	whole := as[handler.Supply](t, p.call(http.MethodPost, "/supplies/"+supply.ID+"/receive", lines(lamp, 2)))
	require.Equal(t, "received", whole.Status)
	require.Equal(t, whole, as[handler.Supply](t, p.call(http.MethodGet, "/supplies/"+supply.ID, "")))
	p.stock(paris.ID, desk, 2)
	require.EqualValues(t, 5, d.available(lamp))

	order := newOrder()
	others.say(placed(t, order, line(lamp, 2), line(desk, 1)))
	others.hears(order, events.StockReserved)
	var reserved eventsv1.StockReserved
	others.read(order, events.StockReserved, &reserved)
	require.True(t, proto.Equal(payment(), reserved.GetPayment()), "handed on as it came")
	require.WithinDuration(t, time.Now().Add(15*time.Minute), reserved.GetDeadline().AsTime(), time.Minute)
	require.EqualValues(t, 3, d.available(lamp))
	held := as[web.List[handler.Reservation]](t, p.call(http.MethodGet, "/reservations?order_id="+order, ""))
	require.Len(t, held.Items, 2)

	others.say(confirmed(t, order))
	shipments := p.shipments(order, 2)
	require.Equal(t, "London", shipments[0].ShipTo.City)
	for i, s := range shipments {
		require.Equal(t, "pending", s.Status)
		r := p.call(http.MethodPost, "/shipments/"+s.ID+"/dispatch", fmt.Sprintf(`{"tracking_number":"T-%d"}`, i))
		require.Equal(t, "dispatched", as[handler.Shipment](t, r).Status)
		require.Equal(t, "already_dispatched", p.call(http.MethodPost, "/shipments/"+s.ID+"/dispatch", `{"tracking_number":"T"}`).code(t))
	}
	others.hears(order, events.StockReserved, events.ShipmentDispatched)
	delivered := as[handler.Shipment](t, p.call(http.MethodPost, "/shipments/"+shipments[0].ID+"/deliver", ""))
	require.NotNil(t, delivered.DeliveredAt)
	others.hears(order, events.StockReserved, events.ShipmentDispatched, events.ShipmentDelivered)
	var arrived eventsv1.ShipmentDelivered
	others.read(order, events.ShipmentDelivered, &arrived)
	require.Equal(t, shipments[0].ID, arrived.GetShipmentId())
	require.EqualValues(t, 2, arrived.GetOf())

	require.EqualValues(t, 3, d.available(lamp), "what was reserved has left: available stays")
	ledger := as[web.List[handler.Movement]](t, p.call(http.MethodGet, "/movements?product_id="+lamp, ""))
	require.Equal(t, []int64{-2, 2, 3}, []int64{ledger.Items[0].Quantity, ledger.Items[1].Quantity, ledger.Items[2].Quantity})
	metrics := d.metrics()
	for _, said := range []string{`"stock.reserved"} 1`, `"shipment.dispatched"} 2`, `"shipment.delivered"} 1`} {
		require.Contains(t, metrics, "warehouse_messages_total{type="+said)
	}
	d.quiet()
	d.invariants()
}

// quiet waits until everything is sent.
func (d *depot) quiet() {
	d.t.Helper()
	testkit.Eventually(d.t, time.Minute, func() bool { return d.count(`select count(*) from outbox where sent_at is null`) == 0 })
}

// metrics is what the service tells Prometheus.
func (d *depot) metrics() string {
	d.t.Helper()
	res, err := plain.Get(d.url + "/metrics")
	require.NoError(d.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(d.t, err)
	return string(text)
}

func (d *depot) available(product string) int64 {
	d.t.Helper()
	anybody := &person{depot: d}
	return as[handler.Availability](d.t, anybody.call(http.MethodGet, "/stock/"+product, "")).Available
}

func (p *person) openWarehouse(code string) handler.Warehouse {
	p.depot.t.Helper()
	return as[handler.Warehouse](p.depot.t, p.call(http.MethodPost, "/warehouses", `{"code":"`+code+`","name":"Depot"}`))
}

func lines(product string, quantity int) string {
	return fmt.Sprintf(`{"lines":[{"product_id":"%s","quantity":%d}]}`, product, quantity)
}

func supplyBody(warehouse, product string, quantity int) string {
	return fmt.Sprintf(`{"warehouse_id":"%s","supplier":"Acme","lines":[{"product_id":"%s","quantity":%d}]}`, warehouse, product, quantity)
}

func (p *person) expect(warehouse, product string, quantity int) handler.Supply {
	p.depot.t.Helper()
	r := p.call(http.MethodPost, "/supplies", supplyBody(warehouse, product, quantity))
	require.Equal(p.depot.t, http.StatusCreated, r.Status, r.Body)
	return as[handler.Supply](p.depot.t, r)
}

// stock brings in a whole supply.
func (p *person) stock(warehouse, product string, quantity int) {
	p.depot.t.Helper()
	supply := p.expect(warehouse, product, quantity)
	require.Equal(p.depot.t, http.StatusOK, p.call(http.MethodPost, "/supplies/"+supply.ID+"/receive", lines(product, quantity)).Status)
}

// shipments waits for an order's shipments; the first comes first.
func (p *person) shipments(order string, n int) (items []handler.Shipment) {
	p.depot.t.Helper()
	testkit.Eventually(p.depot.t, time.Minute, func() bool {
		items = as[web.List[handler.Shipment]](p.depot.t, p.call(http.MethodGet, "/shipments?order_id="+order, "")).Items
		return len(items) == n
	})
	for i, j := 0, len(items)-1; i < j; i, j = i+1, j-1 {
		items[i], items[j] = items[j], items[i]
	}
	return items
}
