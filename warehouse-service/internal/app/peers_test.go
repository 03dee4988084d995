package app_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	moneyv1 "marketplace/proto/money/v1"
	"marketplace/shared/outbox"
	"marketplace/shared/rabbit"
	"marketplace/shared/rabbit/rabbittest"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

// peers stands in for orders at the broker: it says what they would, and hears what the warehouse says.
type peers struct {
	t       *testing.T
	session *rabbit.Session

	mu    sync.Mutex
	heard map[string]map[string]rabbit.Message // by order and type; a type comes once, however often it is delivered
	ids   map[string]bool
}

// newPeers listens as order-service, which hears everything that the warehouse says.
func (d *depot) newPeers() *peers {
	d.t.Helper()
	p := &peers{t: d.t, heard: map[string]map[string]rabbit.Message{}, ids: map[string]bool{}}
	p.session = rabbit.NewSession(d.config.RabbitURL.Reveal(), "peers", rabbit.Topology{
		Exchange: events.Exchange, Queues: events.Subscriptions(),
	}, telemetry.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = p.session.Run(ctx) })
	running.Go(func() { _ = p.session.Consume(ctx, events.OrderQueue, 50, p.hear) })
	d.t.Cleanup(func() { cancel(); running.Wait() })
	testkit.Eventually(d.t, time.Minute, p.session.Healthy)
	return p
}

func (p *peers) hear(_ context.Context, batch []rabbit.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range batch {
		if p.heard[m.Subject] == nil {
			p.heard[m.Subject] = map[string]rabbit.Message{}
		}
		p.heard[m.Subject][m.Type] = m
		p.ids[m.ID] = true
	}
	return nil
}

// types are the event types heard about an order.
func (p *peers) types(orderID string) (types []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for name := range p.heard[orderID] {
		types = append(types, name)
	}
	return types
}

// orders counts the orders about which a type was heard.
func (p *peers) orders(eventType string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, types := range p.heard {
		if _, ok := types[eventType]; ok {
			n++
		}
	}
	return n
}

// anyOrder is an order about which a type was heard.
func (p *peers) anyOrder(eventType string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	for order, types := range p.heard {
		if _, ok := types[eventType]; ok {
			return order
		}
	}
	return ""
}

// hears waits until exactly these event types have been heard about the order.
func (p *peers) hears(orderID string, want ...string) {
	p.t.Helper()
	testkit.Eventually(p.t, time.Minute, func() bool { return len(p.types(orderID)) >= len(want) }, want)
	require.ElementsMatch(p.t, want, p.types(orderID))
}

// read decodes what was heard of a type about an order.
func (p *peers) read(orderID, eventType string, into proto.Message) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.NoError(p.t, proto.Unmarshal(p.heard[orderID][eventType].Body, into))
}

// say publishes messages and waits for the broker's confirmation.
func (p *peers) say(messages ...rabbit.Message) {
	p.t.Helper()
	rabbittest.Publish(p.t, p.session, messages...)
}

func newOrder() string { return uuid.Must(uuid.NewV7()).String() }

// envelope packs an event as order-service's outbox would.
func envelope(t *testing.T, eventType, orderID string, payload proto.Message) rabbit.Message {
	t.Helper()
	body, err := proto.Marshal(payload)
	require.NoError(t, err)
	r := outbox.NewRecord(t.Context(), eventType, orderID, body)
	return rabbit.Message{ID: r.ID, Type: r.Type, Source: "order-service", Subject: r.Subject, Time: r.OccurredAt, Headers: r.Headers, Body: r.Body}
}

func line(product string, quantity int64) *eventsv1.OrderLine {
	return &eventsv1.OrderLine{ProductId: product, Quantity: quantity}
}

func payment() *eventsv1.PaymentEnvelope {
	return &eventsv1.PaymentEnvelope{CustomerId: "customer", Total: &moneyv1.Money{Amount: 1500, Currency: "USD"}, Method: "pm_card_visa"}
}

func placed(t *testing.T, orderID string, lines ...*eventsv1.OrderLine) rabbit.Message {
	return envelope(t, events.OrderPlaced, orderID, &eventsv1.OrderPlaced{
		OrderId: orderID, Lines: lines, Payment: payment(), Deadline: timestamppb.New(time.Now().Add(15 * time.Minute)),
	})
}

func confirmed(t *testing.T, orderID string) rabbit.Message {
	return envelope(t, events.OrderConfirmed, orderID, &eventsv1.OrderConfirmed{
		OrderId: orderID, ShipTo: &eventsv1.Address{Name: "Ada Lovelace", Line1: "12 St James's Square", City: "London", PostalCode: "SW1Y 4JH", Country: "GB"},
	})
}

func cancelRequested(t *testing.T, orderID string) rabbit.Message {
	return envelope(t, events.OrderCancelRequested, orderID, &eventsv1.OrderCancelRequested{OrderId: orderID})
}

func cancelled(t *testing.T, orderID string) rabbit.Message {
	return envelope(t, events.OrderCancelled, orderID, &eventsv1.OrderCancelled{OrderId: orderID})
}
