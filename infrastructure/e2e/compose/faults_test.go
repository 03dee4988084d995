//go:build compose

package compose

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/invariants"
)

// healed is how long the marketplace may take, after the last fault, until nothing is under way any more.
const healed = 3 * time.Minute

// orders are what shoppers placed while faults went on.
type orders struct {
	shopper *client.Client
	mu      sync.Mutex
	placed  []string
	refused []string
	failed  atomic.Int64 // attempts that got no answer or a 5xx, and were repeated
}

// shop orders until stopped. Who gets no answer repeats the same request with the same key, as a good client does.
func (m *market) shop(t *testing.T, shoppers int) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	for n := range shoppers {
		group.Go(func() {
			cards := []string{"pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"}
			for i := n; ctx.Err() == nil; i++ {
				m.orderUntilAnswered(ctx, client.OrderOf(m.product, 1, cards[i%len(cards)]), i%5 == 0)
				client.Pause(ctx, 100*time.Millisecond) // enough is always under way, and the machine has other work
			}
		})
	}
	return func() { cancel(); group.Wait() }
}

func (m *market) orderUntilAnswered(ctx context.Context, order client.OrderRequest, cancel bool) {
	key := client.Key()
	for ctx.Err() == nil {
		reply, err := m.shopper.Send(ctx, http.MethodPost, "/api/v1/orders", order, key)
		var placed client.Order
		switch {
		case err == nil && reply.Status == http.StatusCreated && json.Unmarshal(reply.Body, &placed) == nil:
			m.note(&m.placed, placed.ID)
			if cancel {
				_, _ = m.shopper.Send(ctx, http.MethodPost, "/api/v1/orders/"+placed.ID+"/cancel", map[string]string{"reason": "changed my mind"})
			}
			return
		case err == nil && reply.Status < http.StatusInternalServerError && reply.Status != http.StatusConflict && reply.Status != http.StatusTooManyRequests:
			m.note(&m.refused, reply.String())
			return
		case ctx.Err() == nil:
			m.failed.Add(1)
		}
		client.Pause(ctx, 200*time.Millisecond)
	}
}

func (o *orders) note(list *[]string, what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	*list = append(*list, what)
}

func (o *orders) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.placed)
}

// faults kills each container in turn, freezes the broker and the database, and restarts everything, while orders come in.
// In the short form only the broker and one service are killed.
func (m *market) faults(t *testing.T) {
	defer m.shop(t, 3)()
	victims := append(append([]string{"jaeger", "prometheus"}, servers...), services...)
	if testing.Short() {
		victims = []string{"rabbitmq", "order-service"}
	}
	for _, victim := range victims {
		id := m.containers(t, victim)[0]
		docker(t, "kill", id)
		docker(t, "start", id)
		m.takesOrders(t, "after "+victim+" was killed")
	}
	if testing.Short() {
		return
	}
	for _, victim := range []string{"rabbitmq", "postgres"} {
		id := m.containers(t, victim)[0]
		docker(t, "pause", id)
		client.Pause(t.Context(), 20*time.Second)
		docker(t, "unpause", id)
		m.takesOrders(t, "after "+victim+" was frozen")
	}
	m.compose(t, "restart")
	m.takesOrders(t, "after a restart of everything")
}

// takesOrders waits until ten more orders have been accepted and all containers are healthy.
func (m *market) takesOrders(t *testing.T, when string) {
	t.Helper()
	before := m.count()
	require.Eventually(t, func() bool { return m.count() >= before+10 }, healed, 200*time.Millisecond, "no orders %s", when)
	m.healthy(t, servers...)
	m.healthy(t, services...)
	t.Logf("%s: %d orders so far, %d attempts repeated", when, m.count(), m.failed.Load())
}

// rolled scales each service to two and replaces the instances one by one: with a second instance there, no request fails.
func (m *market) rolled(t *testing.T) {
	names := []string{"user-service", "product-service", "order-service", "payment-service", "warehouse-service"}
	if testing.Short() {
		names = []string{"order-service"}
		m.compose(t, "up", "-d", "--no-recreate", "--scale", "order-service=2")
	} else {
		m.compose(t, "-f", "docker-compose.yml", "-f", "infrastructure/docker/two.yml", "up", "-d", "--no-recreate")
	}
	m.healthy(t, services...)
	for _, name := range names {
		require.Len(t, m.containers(t, name), 2)
		require.Eventually(t, func() bool { return targets(t, name) == 2 && upstreams(t, name) == 2 }, time.Minute, time.Second,
			"Prometheus and the gateway do not both see two instances of %s", name)
	}

	m.signIn(t)
	m.failed.Store(0)
	stop := m.shop(t, 3)
	for _, name := range names {
		for _, id := range m.containers(t, name) {
			docker(t, "restart", "-t", "30", id)
			m.healthy(t, name)
			m.takesOrders(t, "after "+name+" was rolled")
		}
	}
	stop()
	require.Zero(t, m.failed.Load(), "requests failed while instances were replaced one by one")
}

// settle wants every order that was accepted to be there once and ended, and the invariants to hold.
func (m *market) settle(t *testing.T) {
	require.Empty(t, m.refused, "orders were refused")
	require.NotEmpty(t, m.placed, "no order was accepted")
	m.ended(t)
	var there int
	require.NoError(t, m.db.QueryRow(t.Context(), "SELECT count(*) FROM order_service.orders WHERE id = ANY($1)", m.placed).Scan(&there))
	require.Equal(t, len(m.placed), there, "orders were accepted and are gone")
	t.Logf("%d orders, none lost", there)
}

// ended wants every order to have ended, and the invariants to hold.
func (m *market) ended(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool {
		return m.number(t, "SELECT count(*) FROM order_service.orders WHERE status IN ('pending', 'reserved', 'cancelling')") == 0
	}, healed, time.Second, "orders are left open")
	invariants.Hold(t, m.db, healed)
}
