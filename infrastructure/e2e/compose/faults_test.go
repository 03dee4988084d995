//go:build compose

package compose

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
)

// healed is how long the marketplace may take, after the last fault, until nothing is under way any more.
const healed = 3 * time.Minute

// shop lets shoppers order until they are stopped. Enough is always under way, and the machine has other work.
func (m *market) shop(t *testing.T, shoppers int) (stop func()) {
	t.Helper()
	cards := []string{"pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"}
	return m.Shop(t.Context(), shoppers, 100*time.Millisecond, func(n int) client.OrderRequest {
		return client.OrderOf(m.product, 1, cards[n%len(cards)])
	})
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
	before := len(m.Placed())
	require.Eventually(t, func() bool { return len(m.Placed()) >= before+10 }, healed, 200*time.Millisecond, "no orders %s", when)
	m.healthy(t, servers...)
	m.healthy(t, services...)
	t.Logf("%s: %d orders so far, %d attempts repeated", when, len(m.Placed()), m.Failed())
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
	failed := m.Failed()
	stop := m.shop(t, 3)
	for _, name := range names {
		for _, id := range m.containers(t, name) {
			docker(t, "restart", "-t", "30", id)
			m.healthy(t, name)
			m.takesOrders(t, "after "+name+" was rolled")
		}
	}
	stop()
	require.Equal(t, failed, m.Failed(), "requests failed while instances were replaced one by one")
}

// settle wants no accepted order to be lost or left open, and the invariants to hold.
func (m *market) settle(t *testing.T) { m.Settle(t, m.db, healed) }
