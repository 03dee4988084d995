// Package faults hurts a running marketplace (processes killed at any moment or at a named place, a provider that hangs,
// a subscriber that starts last) while orders come in, and then wants every order settled and every invariant to hold.
package faults

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/cluster"
	"marketplace/infrastructure/e2e/invariants"
)

// healed is how long the marketplace may take, after the last fault, until nothing is under way any more.
const healed = 60 * time.Second

// between is a shopper's pause after each order: enough is always under way, and a killed process gets the time to start.
const between = 50 * time.Millisecond

// rounds is how often a fault is repeated: FAULT_ROUNDS, few by default.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("FAULT_ROUNDS")
	if text == "" {
		return 3
	}
	count, err := strconv.Atoi(text)
	require.NoError(t, err)
	return count
}

// market is a marketplace with plenty of one product, little of another, and shoppers who order both.
type market struct {
	*cluster.Cluster
	shopper         *client.Client
	plenty, scarce  string
	units           int64
	placed, refused sync.Map
}

func open(t *testing.T, o cluster.Options) *market {
	t.Helper()
	m := &market{Cluster: cluster.Start(t, o), units: 40}
	admin := m.Admin(t)
	m.shopper, _ = m.Anyone().Register(t)
	m.plenty, m.scarce = admin.Product(t, 1299), admin.Product(t, 4900)
	first, second := admin.Warehouse(t), admin.Warehouse(t)
	admin.Supply(t, first, client.Item{ProductID: m.plenty, Quantity: 100_000}, client.Item{ProductID: m.scarce, Quantity: m.units / 2})
	admin.Supply(t, second, client.Item{ProductID: m.scarce, Quantity: m.units / 2})
	return m
}

// cards are how shoppers pay: most succeed, some do not.
var cards = []string{"pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"}

// shop orders again and again until ctx ends, cancelling every fifth order. A shopper who gets no answer or a 5xx repeats
// the same request with the same key until there is one, as a good client does.
func (m *market) shop(ctx context.Context, shoppers int) *sync.WaitGroup {
	var group sync.WaitGroup
	for n := range shoppers {
		group.Go(func() {
			for i := n; ctx.Err() == nil; i++ {
				product := m.plenty
				if i%3 == 0 {
					product = m.scarce
				}
				m.orderUntilAnswered(ctx, client.OrderOf(product, 1, cards[i%len(cards)]), i%5 == 0)
				client.Pause(ctx, between)
			}
		})
	}
	return &group
}

func (m *market) orderUntilAnswered(ctx context.Context, order client.OrderRequest, cancel bool) {
	key := client.Key()
	for ctx.Err() == nil {
		reply, err := m.shopper.Send(ctx, http.MethodPost, "/api/v1/orders", order, key)
		if err == nil && reply.Status == http.StatusCreated {
			var placed client.Order
			if json.Unmarshal(reply.Body, &placed) != nil {
				return
			}
			m.placed.Store(placed.ID, key.Value)
			if cancel {
				_, _ = m.shopper.Send(ctx, http.MethodPost, "/api/v1/orders/"+placed.ID+"/cancel", map[string]string{"reason": "changed my mind"})
			}
			return
		}
		if err == nil && reply.Status < http.StatusInternalServerError && reply.Status != http.StatusConflict {
			m.refused.Store(key.Value, string(reply.Body))
			return
		}
		client.Pause(ctx, 100*time.Millisecond)
	}
}

// settle wants every order that was accepted to be there once, terminal or confirmed, and the invariants to hold.
func (m *market) settle(t *testing.T) {
	t.Helper()
	m.refused.Range(func(_, body any) bool {
		t.Errorf("an order was refused: %s", body)
		return true
	})
	ids := m.ids()
	require.NotEmpty(t, ids, "no order was accepted")
	require.Eventually(t, func() bool { return m.open(t) == 0 }, healed, 200*time.Millisecond, "orders are left open")
	var there int
	require.NoError(t, m.DB.QueryRow(t.Context(), "SELECT count(*) FROM order_service.orders WHERE id = ANY($1)", ids).Scan(&there))
	require.Equal(t, len(ids), there, "orders were accepted and are gone")
	invariants.Hold(t, m.DB, healed)
}

func (m *market) ids() []string {
	var ids []string
	m.placed.Range(func(id, _ any) bool {
		ids = append(ids, id.(string))
		return true
	})
	return ids
}

func (m *market) open(t *testing.T) int {
	t.Helper()
	var count int
	require.NoError(t, m.DB.QueryRow(context.Background(),
		"SELECT count(*) FROM order_service.orders WHERE status IN ('pending', 'reserved', 'cancelling')").Scan(&count))
	return count
}

// sold is how many units of the scarce product are held by orders that were not cancelled.
func (m *market) sold(t *testing.T) int64 {
	t.Helper()
	var units int64
	require.NoError(t, m.DB.QueryRow(context.Background(), `SELECT coalesce(sum(items.quantity), 0)
		FROM order_service.orders JOIN order_service.order_items AS items ON items.order_id = orders.id
		WHERE orders.status <> 'cancelled' AND items.product_id = $1`, m.scarce).Scan(&units))
	return units
}
