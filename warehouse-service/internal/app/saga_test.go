package app_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
	"marketplace/warehouse-service/internal/handler"
)

func TestReserve_P30_TenUnitsSellTenTimesToAHundredBuyers(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	others := d.newPeers()
	product, first, second := newOrder(), d.warehouse(), d.warehouse()
	d.fill(product, first, 4)
	d.fill(product, second, 6)
	var rush []rabbit.Message
	for range 100 {
		rush = append(rush, placed(t, newOrder(), line(product, 1)))
	}
	others.say(rush...) // they all wait when the two replicas start
	d.run()
	d.replica().ready()

	testkit.Eventually(t, 30*time.Second, func() bool {
		return others.orders(events.StockReserved)+others.orders(events.StockRejected) == 100
	})
	require.Equal(t, 10, others.orders(events.StockReserved))
	require.Equal(t, 90, others.orders(events.StockRejected))
	require.Zero(t, d.count(`select count(*) from parked`), "the locks decide; the CHECK refused nobody")
	require.Equal(t, 10, d.count(`select sum(reserved) from stock`))
	require.Equal(t, 10, d.count(`select sum(quantity) from reservations where status = 'active'`))
	var rejected eventsv1.StockRejected
	others.read(others.anyOrder(events.StockRejected), events.StockRejected, &rejected)
	require.Equal(t, product, rejected.GetShortages()[0].GetProductId())
	require.Zero(t, rejected.GetShortages()[0].GetAvailable())
	d.invariants()
}

func TestReserve_P30_OverlappingLinesInAnyOrderNeitherDeadlockNorOversell(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	others := d.newPeers()
	warehouses := []string{d.warehouse(), d.warehouse(), d.warehouse()}
	products := []string{newOrder(), newOrder(), newOrder(), newOrder()}
	for i, p := range products {
		for j, w := range warehouses {
			d.fill(p, w, int64(3+i+j))
		}
	}
	var rush []rabbit.Message
	for i := range 120 {
		a, b, c := products[i%4], products[(i+1+i%3)%4], products[(i*7+2)%4]
		lines := []*eventsv1.OrderLine{line(a, 1+int64(i%3)), line(b, 1), line(c, 2)} // some twice: taken together
		if i%2 == 0 {
			slices.Reverse(lines)
		}
		order := newOrder()
		rush = append(rush, placed(t, order, lines...))
		if i%3 == 0 {
			rush = append(rush, cancelled(t, order))
		}
	}
	others.say(rush...)
	d.run()
	d.replica().ready()
	testkit.Eventually(t, 30*time.Second, func() bool {
		return d.count(`select count(*) from inbox`) == len(rush) && d.count(`select count(*) from parked where status = 'waiting'`) == 0
	})
	require.Zero(t, d.count(`select count(*) from parked`), "the locks decide; the CHECK refused nobody")
	require.Positive(t, d.count(`select count(*) from fulfilments where status = 'rejected'`), "there was not enough for all")
	d.quiet()
	d.invariants()
}

func TestReserve_P10_FiveDeliveriesToTwoReplicasHaveOneEffect(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	others := d.newPeers()
	product := newOrder()
	d.fill(product, d.warehouse(), 100)
	var sent []rabbit.Message
	for range 20 {
		sent = append(sent, placed(t, newOrder(), line(product, 2)))
	}
	d.run()
	d.replica().ready()
	var publishing sync.WaitGroup
	for range 5 {
		publishing.Go(func() { others.say(sent...) })
	}
	publishing.Wait()
	testkit.Eventually(t, time.Minute, func() bool { return others.orders(events.StockReserved) == 20 })
	d.quiet()
	require.Equal(t, 40, d.count(`select sum(reserved) from stock`))
	require.Equal(t, 20, d.count(`select count(*) from outbox`))
	d.invariants()
}

func TestTombstone_ACancellationBeforeItsOrderHoldsNothing(t *testing.T) {
	t.Parallel()
	d := open(t)
	others := d.newPeers()
	product := newOrder()
	d.fill(product, d.warehouse(), 5)
	order := newOrder()
	others.say(cancelled(t, order))
	testkit.Eventually(t, time.Minute, func() bool { return d.count(`select count(*) from fulfilments where status = 'released'`) == 1 })
	late := placed(t, order, line(product, 1))
	others.say(late)
	testkit.Eventually(t, time.Minute, func() bool { return d.count(`select count(*) from inbox`) == 2 })
	require.Empty(t, others.types(order))
	require.EqualValues(t, 5, d.available(product))
	d.invariants()
}

func TestCancel_StopsWhatHasNotLeftAndNothingElse(t *testing.T) {
	t.Parallel()
	d := open(t)
	others, p := d.newPeers(), d.worker()
	product := newOrder()
	d.fill(product, d.warehouse(), 3)
	d.fill(product, d.warehouse(), 3)

	stopped := newOrder()
	others.say(placed(t, stopped, line(product, 4)), confirmed(t, stopped))
	p.shipments(stopped, 2)
	others.say(cancelRequested(t, stopped))
	others.hears(stopped, events.StockReserved, events.ShipmentCancelled)
	for _, s := range p.shipments(stopped, 2) {
		require.Equal(t, "cancelled", s.Status)
		require.Equal(t, "not_allocated", p.call("POST", "/shipments/"+s.ID+"/dispatch", `{"tracking_number":"T"}`).code(t))
	}
	require.EqualValues(t, 6, d.available(product))

	left := newOrder()
	others.say(placed(t, left, line(product, 4)), confirmed(t, left))
	shipment := p.shipments(left, 2)[0]
	require.Equal(t, "dispatched", as[handler.Shipment](t, p.call("POST", "/shipments/"+shipment.ID+"/dispatch", `{"tracking_number":"T"}`)).Status)
	before := d.count(`select count(*) from inbox`)
	others.say(cancelRequested(t, left))
	testkit.Eventually(t, time.Minute, func() bool { return d.count(`select count(*) from inbox`) == before+1 })
	others.hears(left, events.StockReserved, events.ShipmentDispatched)
	d.invariants()
}

func TestEvents_P11_WhatCannotBeReadIsParkedAndTheOthersGoOn(t *testing.T) {
	t.Parallel()
	d := open(t)
	others := d.newPeers()
	product := newOrder()
	d.fill(product, d.warehouse(), 5)
	order := newOrder()
	garbage := placed(t, newOrder(), line(product, 1))
	garbage.Body = []byte("garbage")
	noLines, hugeLine, noID := placed(t, newOrder()), placed(t, newOrder(), line(product, 1<<40)), placed(t, "not an id", line(product, 1))
	others.say(garbage, noLines, hugeLine, noID, placed(t, order, line(product, 1)))
	others.hears(order, events.StockReserved)
	testkit.Eventually(t, time.Minute, func() bool { return d.count(`select count(*) from parked where status = 'waiting'`) == 4 })
	require.Equal(t, 1, d.count(`select count(*) from fulfilments`), "what is parked leaves nothing behind")
	d.invariants()
}

func TestMigrations_P53_FiveReplicasStartAtOnce(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	_, err := d.db.Pool.Exec(t.Context(), `drop schema warehouse_service cascade`)
	require.NoError(t, err)
	d.run()
	replicas := []*depot{d}
	for range 4 {
		replicas = append(replicas, d.replica())
	}
	for _, replica := range replicas {
		replica.ready()
	}
	require.Zero(t, d.count(`select count(*) from fulfilments`))
	others, order := d.newPeers(), newOrder()
	others.say(placed(t, order, line(uuid.NewString(), 1)))
	others.hears(order, events.StockRejected)
}

func TestTrace_WhatFollowsFromAMessageContinuesItsTraceInABatchToo(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	others := d.newPeers()
	rush, want := d.rush(10), map[string]trace.TraceID{}
	for i, m := range rush {
		span := trace.NewSpanContext(trace.SpanContextConfig{
			TraceID: trace.TraceID{byte(i + 1)}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled,
		})
		rush[i].Headers = map[string]string{"traceparent": telemetry.Traceparent(trace.ContextWithSpanContext(t.Context(), span))}
		want[m.Subject] = span.TraceID()
	}
	others.say(rush...)
	d.run()
	testkit.Eventually(t, time.Minute, func() bool { return others.orders(events.StockReserved) == len(rush) })
	others.mu.Lock()
	defer others.mu.Unlock()
	for order, id := range want {
		got := trace.SpanContextFromContext(others.heard[order][events.StockReserved].Context(t.Context()))
		require.Equal(t, id, got.TraceID())
	}
}
