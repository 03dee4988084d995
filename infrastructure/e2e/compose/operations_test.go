//go:build compose

package compose

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/crowd"
)

// script runs one of infrastructure/docker's as an operator does, on the test's project.
func (s *stack) script(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), filepath.Join(s.root, "infrastructure/docker", name), args...)
	command.Env = append(os.Environ(), "COMPOSE="+strings.Join(s.command, " "), "COMPOSE_PROJECT_NAME="+project)
	command.Env = append(command.Env, env...)
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s: %s", name, out)
	return string(out)
}

// upgraded replaces every service by one of another version while orders come in: no request fails.
func (m *market) upgraded(t *testing.T) {
	version := []string{"VERSION=upgraded"}
	names := []string{"user-service", "product-service", "order-service", "payment-service", "warehouse-service"}
	out, err := m.try(t, version, append([]string{"build"}, names...)...)
	require.NoError(t, err, out)

	m.signIn(t)
	failed := m.Failed()
	stop := m.shop(t, 3)
	m.script(t, version, "upgrade.sh")
	m.takesOrders(t, "after the upgrade")
	stop()
	require.Equal(t, failed, m.Failed(), "requests failed during the upgrade")
	for _, name := range names {
		for _, id := range m.containers(t, name) {
			image := inspect(t, id).Image
			require.Equal(t, "upgraded", docker(t, "image", "inspect", "-f", `{{index .Config.Labels "org.opencontainers.image.version"}}`, image), name)
		}
	}
}

// restored takes a backup while orders come in, loses every volume, and goes on from the backup.
func (m *market) restored(t *testing.T) {
	folder := t.TempDir()
	m.signIn(t)
	stop := m.shop(t, 3)
	m.takesOrders(t, "before the backup")
	m.script(t, nil, "backup.sh", folder)
	atLeast := len(m.Placed()) / 2 // what the shoppers of this moment had is in the backup
	m.takesOrders(t, "after the backup")
	stop()
	products := m.number(t, "SELECT count(*) FROM product_service.products")

	m.removed(t)
	m.compose(t, "up", "-d", "postgres")
	m.healthy(t, "postgres")
	m.script(t, nil, "restore.sh", folder)
	require.Greater(t, m.number(t, "SELECT count(*) FROM order_service.orders"), atLeast)
	m.compose(t, "up", "-d")
	m.healthy(t, servers...)
	m.healthy(t, services...)
	m.demoIsLoaded(t)
	require.Equal(t, products, m.number(t, "SELECT count(*) FROM product_service.products"), "the demo fills an empty catalogue only")

	m.signIn(t)
	placed := m.Shopper.Place(t, client.OrderOf(m.product, 1, "pm_card_visa"))
	require.Equal(t, "confirmed", m.Shopper.Settled(t, placed.ID).Status)
	crowd.Ended(t, m.db, healed)
}

// forgotten loses the broker's volume with events in its queues; sent again, they have their effect.
func (m *market) forgotten(t *testing.T) {
	m.signIn(t)
	warehouse := m.containers(t, "warehouse-service")
	docker(t, append([]string{"pause"}, warehouse...)...)
	placed := m.Shopper.Place(t, client.OrderOf(m.product, 1, "pm_card_visa"))
	require.Eventually(t, func() bool {
		return m.number(t, "SELECT count(*) FROM order_service.outbox WHERE sent_at IS NULL") == 0
	}, time.Minute, time.Second, "the event does not reach the broker")
	m.compose(t, "rm", "--stop", "--force", "rabbitmq")
	docker(t, "volume", "rm", project+"_rabbitmq")
	docker(t, append([]string{"unpause"}, warehouse...)...)
	m.compose(t, "up", "-d")
	m.healthy(t, servers...)
	m.healthy(t, services...)

	m.script(t, nil, "resend.sh")
	require.Eventually(t, func() bool {
		var order client.Order
		m.Shopper.Do(t, http.MethodGet, "/api/v1/orders/"+placed.ID, nil).Want(t, http.StatusOK).Into(t, &order)
		return order.Status == "confirmed"
	}, healed, time.Second, "the order is not confirmed")
}

func (m *market) number(t *testing.T, query string) (n int) {
	t.Helper()
	require.NoError(t, m.db.QueryRow(t.Context(), query).Scan(&n))
	return n
}
