package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"marketplace/order-service/internal/handler"
	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	moneyv1 "marketplace/proto/money/v1"
	"marketplace/shared/money"
	"marketplace/shared/outbox"
	"marketplace/shared/rabbit"
	"marketplace/shared/rabbit/rabbittest"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

// peers stands in for warehouse and payment at the broker: it hears what order-service says, and says what they would.
type peers struct {
	t       *testing.T
	session *rabbit.Session

	mu    sync.Mutex
	heard map[string][]rabbit.Message // by order
}

// newPeers listens as the warehouse, which hears everything that orders say.
func (s *shop) newPeers() *peers {
	s.t.Helper()
	p := &peers{t: s.t, heard: map[string][]rabbit.Message{}}
	p.session = rabbit.NewSession(s.config.RabbitURL.Reveal(), "peers", rabbit.Topology{
		Exchange: events.Exchange, Queues: events.Subscriptions(),
	}, telemetry.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = p.session.Run(ctx) })
	running.Go(func() { _ = p.session.Consume(ctx, events.WarehouseQueue, 50, p.hear) })
	s.t.Cleanup(func() { cancel(); running.Wait() })
	testkit.Eventually(s.t, time.Minute, p.session.Healthy)
	return p
}

func (p *peers) hear(_ context.Context, batch []rabbit.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range batch {
		p.heard[m.Subject] = append(p.heard[m.Subject], m)
	}
	return nil
}

// types are the event types heard about an order, each once, in the order of their first arrival.
func (p *peers) types(orderID string) (types []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	seen := map[string]bool{}
	for _, m := range p.heard[orderID] {
		if !seen[m.Type] {
			seen[m.Type] = true
			types = append(types, m.Type)
		}
	}
	return types
}

// hears waits until exactly these event types have been heard about the order.
func (p *peers) hears(orderID string, want ...string) {
	p.t.Helper()
	testkit.Eventually(p.t, time.Minute, func() bool { return len(p.types(orderID)) >= len(want) }, want)
	require.ElementsMatch(p.t, want, p.types(orderID))
}

// last is the newest message of a type about an order.
func (p *peers) last(orderID, eventType string) (found rabbit.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.heard[orderID] {
		if m.Type == eventType {
			found = m
		}
	}
	return found
}

// envelope packs an event as another service's outbox would.
func envelope(t *testing.T, source, eventType, orderID string, payload proto.Message) rabbit.Message {
	t.Helper()
	encoded, err := proto.Marshal(payload)
	require.NoError(t, err)
	r := outbox.NewRecord(t.Context(), eventType, orderID, encoded)
	return rabbit.Message{ID: r.ID, Type: r.Type, Source: source, Subject: r.Subject, Time: r.OccurredAt, Headers: r.Headers, Body: r.Body}
}

// say publishes messages and waits for the broker's confirmation.
func (p *peers) say(messages ...rabbit.Message) {
	p.t.Helper()
	rabbittest.Publish(p.t, p.session, messages...)
}

func reserved(t *testing.T, orderID string) rabbit.Message {
	return envelope(t, "warehouse-service", events.StockReserved, orderID, &eventsv1.StockReserved{OrderId: orderID})
}

func rejected(t *testing.T, orderID, productID string) rabbit.Message {
	return envelope(t, "warehouse-service", events.StockRejected, orderID, &eventsv1.StockRejected{
		OrderId: orderID, Shortages: []*eventsv1.Shortage{{ProductId: productID, Wanted: 2, Available: 1}},
	})
}

func captured(t *testing.T, o handler.Order) rabbit.Message {
	return capturedAmount(t, o.ID, o.Total.Amount, o.Total.Currency)
}

func capturedAmount(t *testing.T, orderID string, amount int64, currency string) rabbit.Message {
	return envelope(t, "payment-service", events.PaymentCaptured, orderID, &eventsv1.PaymentCaptured{
		OrderId: orderID, PaymentId: orderID, Amount: &moneyv1.Money{Amount: amount, Currency: currency},
	})
}

func declined(t *testing.T, orderID string) rabbit.Message {
	return envelope(t, "payment-service", events.PaymentFailed, orderID, &eventsv1.PaymentFailed{
		OrderId: orderID, PaymentId: orderID, Code: "insufficient_funds", Message: "Your card has insufficient funds.",
	})
}

func refunded(t *testing.T, o handler.Order) rabbit.Message {
	all := &moneyv1.Money{Amount: o.Total.Amount, Currency: o.Total.Currency}
	return envelope(t, "payment-service", events.PaymentRefunded, o.ID, &eventsv1.PaymentRefunded{
		OrderId: o.ID, PaymentId: o.ID, RefundId: o.ID, Amount: all, Refunded: all, Captured: all, Cause: "support:k",
	})
}

func dispatched(t *testing.T, orderID string, number, of int32) rabbit.Message {
	return envelope(t, "warehouse-service", events.ShipmentDispatched, orderID, &eventsv1.ShipmentDispatched{
		OrderId: orderID, ShipmentId: orderID, Number: number, Of: of, TrackingNumber: "TRACK",
	})
}

func delivered(t *testing.T, orderID string, number, of int32) rabbit.Message {
	return envelope(t, "warehouse-service", events.ShipmentDelivered, orderID, &eventsv1.ShipmentDelivered{
		OrderId: orderID, ShipmentId: orderID, Number: number, Of: of,
	})
}

func shipmentCancelled(t *testing.T, orderID string) rabbit.Message {
	return envelope(t, "warehouse-service", events.ShipmentCancelled, orderID, &eventsv1.ShipmentCancelled{OrderId: orderID})
}

// strange is an order that was never placed.
func strange() handler.Order {
	return handler.Order{ID: uuid.NewString(), Total: money.Money{Amount: 1, Currency: "USD"}}
}
