//go:build compose

package compose

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/crowd"
)

const gateway = "http://127.0.0.1:8080"

// TestCompose is one long story, because a marketplace in containers takes a minute to start. -short leaves the long
// faults out; COMPOSE_KEEP leaves everything running in the end, and COMPOSE_RUNNING goes on with what was kept.
func TestCompose(t *testing.T) {
	s := newStack(t)
	if os.Getenv("COMPOSE_RUNNING") == "" {
		s.removed(t)
		t.Run("services from source", s.fromSource)
		s.compose(t, "build")
		s.compose(t, "up", "-d")
	}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := s.try(t, nil, "ps")
			t.Log(out)
			out, _ = s.try(t, nil, "logs", "--tail=20", "--no-color")
			t.Log(out)
		}
		if os.Getenv("COMPOSE_KEEP") == "" {
			s.removed(t)
		}
	})
	s.healthy(t, servers...)
	s.healthy(t, services...)
	s.demoIsLoaded(t)

	m := open(t, s)
	require.Greater(t, m.number(t, "SELECT count(*) FROM product_service.products"), 200, "the demo catalogue")
	t.Run("images are small", s.imagesAreSmall)
	t.Run("P45 containers are hardened", s.containersAreHardened)
	t.Run("P45 production refuses development secrets", s.productionRefuses)
	t.Run("P46 database role", s.databaseRole)
	t.Run("P46 Redis user", s.redisUser)
	t.Run("P9 topology", s.topology)
	t.Run("P46 broker user", s.brokerUser)
	t.Run("P46 Consul token", s.consulToken)
	t.Run("P46 false instance", s.falseInstance)
	t.Run("order", m.order)
	t.Run("trace in Jaeger", m.trace)
	t.Run("metrics", m.metrics)
	t.Run("wrong set-ups", s.setUps)
	t.Run("faults", m.faults)
	t.Run("two instances, rolled", m.rolled)
	if testing.Short() {
		t.Run("nothing is lost", m.settle)
	} else {
		t.Run("upgrade", m.upgraded)
		t.Run("a lost broker", m.forgotten)
		t.Run("nothing is lost", m.settle)
		t.Run("backup and restore", m.restored)
	}
	t.Run("production", s.inProduction)
}

// demoIsLoaded wants the demo loader to have ended well and its goods to be on sale.
func (s *stack) demoIsLoaded(t *testing.T) {
	t.Helper()
	id := s.containers(t, "demo")[0]
	require.Eventually(t, func() bool { return inspect(t, id).State.Status == "exited" }, 4*time.Minute, time.Second)
	require.Zero(t, inspect(t, id).State.ExitCode, docker(t, "logs", id))
}

// market is the marketplace with a product of the test's and somebody who buys it.
type market struct {
	*stack
	*crowd.Crowd
	db      *pgxpool.Pool
	email   string // the shopper's
	product string
}

func open(t *testing.T, s *stack) *market {
	t.Helper()
	return openAs(t, s, "admin@marketplace.local", "marketplace-admin", development)
}

// openAs opens a marketplace with the administrator's name and password, and the one of the database.
func openAs(t *testing.T, s *stack, name, password, databasePassword string) *market {
	t.Helper()
	anyone := client.New(gateway)
	admin := anyone.Login(t, name, password)
	shopper, user := anyone.Register(t)
	product := admin.Product(t, 1299)
	admin.Supply(t, admin.Warehouse(t), client.Item{ProductID: product, Quantity: 1_000_000})
	return &market{stack: s, Crowd: crowd.New(shopper), db: database(t, databasePassword), email: user.Email, product: product}
}

func database(t *testing.T, password string) *pgxpool.Pool {
	t.Helper()
	db, err := pgxpool.New(t.Context(), "postgres://postgres:"+password+"@127.0.0.1:5432/marketplace?sslmode=disable")
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

// signIn signs the shopper in again: an access token lives a quarter of an hour, and the story is longer.
func (m *market) signIn(t *testing.T) {
	t.Helper()
	m.Shopper = client.New(gateway).Login(t, m.email, client.Password)
}

// order goes through the gateway's port: one that is confirmed and given back, one that is declined.
func (m *market) order(t *testing.T) {
	placed := m.Shopper.Place(t, client.OrderOf(m.product, 2, "pm_card_visa"))
	require.Equal(t, "confirmed", m.Shopper.Settled(t, placed.ID).Status)
	m.Shopper.Do(t, http.MethodPost, "/api/v1/orders/"+placed.ID+"/cancel", map[string]string{"reason": "changed my mind"}).
		Want(t, http.StatusOK)
	declined := m.Shopper.Place(t, client.OrderOf(m.product, 1, "pm_card_chargeDeclined"))
	require.Equal(t, "cancelled", m.Shopper.Settled(t, declined.ID).Status)
}

// trace wants one trace of an order to hold spans of every service that had a part in it.
func (m *market) trace(t *testing.T) {
	reply := m.Shopper.Do(t, http.MethodPost, "/api/v1/orders", client.OrderOf(m.product, 1, "pm_card_visa"), client.Key())
	id := reply.Header.Get("X-Request-ID") // the trace's, unless the client names another
	require.Len(t, id, 32)
	var placed client.Order
	reply.Want(t, http.StatusCreated).Into(t, &placed)
	m.Shopper.Settled(t, placed.ID)

	want := []string{"gateway", "order-service", "product-service", "warehouse-service", "payment-service"}
	var seen map[string]bool
	require.Eventually(t, func() bool {
		var found struct {
			Data []struct {
				Processes map[string]struct{ ServiceName string }
			}
		}
		if get(t, "http://127.0.0.1:16686/api/traces/"+id, &found) != http.StatusOK || len(found.Data) == 0 {
			return false
		}
		seen = map[string]bool{}
		for _, process := range found.Data[0].Processes {
			seen[process.ServiceName] = true
		}
		for _, service := range want {
			if !seen[service] {
				return false
			}
		}
		return true
	}, time.Minute, time.Second, "the trace has spans of %v only", seen)
}

// get reads JSON and returns the status, 0 when there was no reply.
func get(t *testing.T, url string, out any) int {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}
	defer reply.Body.Close()
	if err := json.NewDecoder(reply.Body).Decode(out); err != nil {
		t.Log(fmt.Errorf("%s: %w", url, err))
	}
	return reply.StatusCode
}
