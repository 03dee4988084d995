package app_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"marketplace/order-service/internal/config"
	"marketplace/order-service/internal/handler"
	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
)

// journey is an order's whole life, as the other services would lead it.
func journey(t *testing.T, s *shop) {
	t.Helper()
	others := s.newPeers()
	p := s.customer()
	lamp, desk := s.catalogue.lamp(), s.catalogue.lamp()

	r := p.call(http.MethodPost, "/api/v1/orders", body(item(lamp, 2)+","+item(desk, 1)), "Idempotency-Key", key())
	require.Equal(t, http.StatusCreated, r.Status, r.Body)
	o := r.order(t)
	require.Equal(t, "/api/v1/orders/"+o.ID, r.Header.Get("Location"))
	require.Equal(t, `"1"`, r.Header.Get("ETag"))
	require.Equal(t, "pending", o.Status)
	require.EqualValues(t, 1500, o.Total.Amount)
	require.Equal(t, o, p.get(o.ID))

	others.hears(o.ID, events.OrderPlaced)
	var placed eventsv1.OrderPlaced
	require.NoError(t, proto.Unmarshal(others.last(o.ID, events.OrderPlaced).Body, &placed))
	require.Equal(t, o.ID, placed.GetOrderId())
	require.Len(t, placed.GetLines(), 2)
	require.EqualValues(t, 1500, placed.GetPayment().GetTotal().GetAmount())
	require.Equal(t, "pm_card_visa", placed.GetPayment().GetMethod())
	require.WithinDuration(t, o.DeadlineAt, placed.GetDeadline().AsTime(), 0)

	others.say(reserved(t, o.ID))
	p.await(o.ID, "reserved")
	others.say(captured(t, o))
	waited := p.call(http.MethodGet, "/api/v1/orders/"+o.ID+"?wait=20s", "").order(t)
	require.Equal(t, "confirmed", waited.Status)
	require.Equal(t, "captured", waited.PaymentStatus)
	others.hears(o.ID, events.OrderPlaced, events.OrderConfirmed)
	var confirmed eventsv1.OrderConfirmed
	require.NoError(t, proto.Unmarshal(others.last(o.ID, events.OrderConfirmed).Body, &confirmed))
	require.Equal(t, "London", confirmed.GetShipTo().GetCity())

	others.say(delivered(t, o.ID, 2, 2))
	p.await(o.ID, "partially_shipped")
	others.say(dispatched(t, o.ID, 1, 2))
	p.await(o.ID, "shipped")
	others.say(delivered(t, o.ID, 1, 2))
	last := p.await(o.ID, "delivered")
	require.Equal(t, &handler.Shipments{Total: 2, Left: 2, Delivered: 2}, last.Shipments)

	require.Equal(t, []string{
		"order.placed", "stock.reserved", "order.confirmed",
		"shipment.delivered", "shipment.dispatched", "shipment.delivered",
	}, p.timeline(o.ID))
	s.invariants()
}

// timeline is the types of an order's events, after a check of their sequence.
func (p *person) timeline(id string) (types []string) {
	p.shop.t.Helper()
	r := p.call(http.MethodGet, "/api/v1/orders/"+id+"/events", "")
	require.Equal(p.shop.t, http.StatusOK, r.Status, r.Body)
	var list struct{ Items []handler.Event }
	require.NoError(p.shop.t, json.Unmarshal([]byte(r.Body), &list))
	for i, e := range list.Items {
		require.Equal(p.shop.t, i+1, e.Seq)
		require.NotEmpty(p.shop.t, e.Source)
		require.NotZero(p.shop.t, e.OccurredAt)
		types = append(types, e.Type)
	}
	return types
}

// invariants are those of promises.md that hold at any time and concern this service alone.
func (s *shop) invariants() {
	s.t.Helper()
	for name, query := range map[string]string{
		"12: the projection's version is the last sequence number": `select count(*) from orders o
			where version <> (select coalesce(max(seq), 0) from order_events e where e.order_id = o.id)`,
		"12: no gap in a sequence": `select count(*) from (select order_id from order_events group by order_id having max(seq) <> count(*)) gaps`,
		"13: the total is that of the lines": `select count(*) from orders o
			where total_amount <> (select coalesce(sum(total_amount), 0) from order_items i where i.order_id = o.id)`,
		"events of orders that are none": `select count(*) from order_events where order_id not in (select id from orders)`,
	} {
		require.Zero(s.t, s.count(query), name)
	}
}

func TestOrder_FromPlacedToDelivered(t *testing.T) {
	t.Parallel()
	journey(t, open(t))
}

func TestOrder_P51_APoolOfOneIsEnough(t *testing.T) {
	t.Parallel()
	journey(t, open(t, func(c *config.Config) { c.MaxConns = 1 }))
}
