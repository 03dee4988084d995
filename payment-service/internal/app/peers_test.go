package app_test

import (
	"context"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	moneyv1 "marketplace/proto/money/v1"
	"marketplace/shared/outbox"
	"marketplace/shared/rabbit"
	"marketplace/shared/rabbit/rabbittest"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

// peers stands in for order and warehouse at the broker: it hears what payment-service says, and says what they would.
type peers struct {
	t       *testing.T
	session *rabbit.Session

	mu    sync.Mutex
	heard map[string]map[string]rabbit.Message // by order and message id
}

// newPeers listens as the order service, which hears everything that payments say.
func (s *shop) newPeers() *peers {
	s.t.Helper()
	p := &peers{t: s.t, heard: map[string]map[string]rabbit.Message{}}
	p.session = rabbit.NewSession(s.config.RabbitURL.Reveal(), "peers", rabbit.Topology{
		Exchange: events.Exchange, Queues: events.Subscriptions(),
	}, telemetry.Nop())
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = p.session.Run(ctx) })
	running.Go(func() { _ = p.session.Consume(ctx, events.OrderQueue, 50, p.hear) })
	s.t.Cleanup(func() { cancel(); running.Wait() })
	testkit.Eventually(s.t, within, p.session.Healthy)
	return p
}

func (p *peers) hear(_ context.Context, batch []rabbit.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range batch {
		if p.heard[m.Subject] == nil {
			p.heard[m.Subject] = map[string]rabbit.Message{}
		}
		p.heard[m.Subject][m.ID] = m
	}
	return nil
}

// types are the types of the payments' messages heard about an order, duplicates of a message counted once.
func (p *peers) types(orderID string) (types []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.heard[orderID] {
		if m.Source == "payment-service" {
			types = append(types, m.Type)
		}
	}
	return types
}

// hears waits until exactly these messages have been heard about the order.
func (p *peers) hears(orderID string, want ...string) {
	p.t.Helper()
	testkit.Eventually(p.t, within, func() bool { return len(p.types(orderID)) >= len(want) }, want)
	require.ElementsMatch(p.t, want, p.types(orderID))
}

// message is a message of a type that was heard about the order.
func message[M proto.Message](p *peers, orderID, eventType string) (found M) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, m := range p.heard[orderID] {
		if m.Type == eventType {
			decoded, _, err := events.Decode(m.Type, m.Body)
			require.NoError(p.t, err)
			return decoded.(M)
		}
	}
	require.Fail(p.t, "not heard: "+eventType)
	return found
}

// say publishes messages and waits for the broker's confirmation.
func (p *peers) say(messages ...rabbit.Message) {
	p.t.Helper()
	rabbittest.Publish(p.t, p.session, messages...)
}

// order is an order as the messages about it tell.
type order struct {
	id, customer, method string
	amount               int64
	currency             string
}

func newOrder(customer, method string) order {
	return order{id: uuid.NewString(), customer: customer, method: method, amount: 1299, currency: "USD"}
}

// place says that the stock of a new order is reserved.
func (s *shop) place(method string) order {
	s.t.Helper()
	o := newOrder(uuid.NewString(), method)
	s.peers.say(reserved(s.t, o))
	return o
}

func reserved(t testing.TB, o order) rabbit.Message {
	return envelope(t, "warehouse-service", events.StockReserved, o.id, &eventsv1.StockReserved{
		OrderId: o.id,
		Payment: &eventsv1.PaymentEnvelope{
			CustomerId: o.customer, Total: &moneyv1.Money{Amount: o.amount, Currency: o.currency}, Method: o.method,
		},
	})
}

func cancelled(t testing.TB, o order) rabbit.Message {
	return envelope(t, "order-service", events.OrderCancelled, o.id, &eventsv1.OrderCancelled{
		OrderId: o.id, CustomerId: o.customer, Total: &moneyv1.Money{Amount: o.amount, Currency: o.currency}, Reason: "timed_out",
	})
}

// dispatch says that goods of the order have left, and waits until the payment knows.
func (s *shop) dispatch(o order) {
	s.t.Helper()
	s.peers.say(envelope(s.t, "warehouse-service", events.ShipmentDispatched, o.id, &eventsv1.ShipmentDispatched{OrderId: o.id, Number: 1, Of: 1}))
	testkit.Eventually(s.t, within, func() bool {
		return s.count(`select count(*) from payments where order_id = $1 and dispatched`, o.id) == 1
	})
}

// envelope packs an event as another service's outbox would.
func envelope(t testing.TB, source, eventType, orderID string, payload proto.Message) rabbit.Message {
	t.Helper()
	encoded, err := proto.Marshal(payload)
	require.NoError(t, err)
	r := outbox.NewRecord(context.Background(), eventType, orderID, encoded)
	return rabbit.Message{ID: r.ID, Type: r.Type, Source: source, Subject: r.Subject, Time: r.OccurredAt, Headers: r.Headers, Body: r.Body}
}
