// Package faults hurts a running marketplace (processes killed at any moment or at a named place, a provider that hangs,
// a subscriber that starts last) while orders come in, and then wants every order settled and every invariant to hold.
package faults

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/cluster"
	"marketplace/infrastructure/e2e/crowd"
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
	*crowd.Crowd
	plenty, scarce string
	units          int64
}

func open(t *testing.T, o cluster.Options) *market {
	t.Helper()
	m := &market{Cluster: cluster.Start(t, o), units: 40}
	admin := m.Admin(t)
	shopper, _ := m.Anyone().Register(t)
	m.Crowd = crowd.New(shopper)
	m.plenty, m.scarce = admin.Product(t, 1299), admin.Product(t, 4900)
	first, second := admin.Warehouse(t), admin.Warehouse(t)
	admin.Supply(t, first, client.Item{ProductID: m.plenty, Quantity: 100_000}, client.Item{ProductID: m.scarce, Quantity: m.units / 2})
	admin.Supply(t, second, client.Item{ProductID: m.scarce, Quantity: m.units / 2})
	return m
}

// cards are how shoppers pay: most succeed, some do not.
var cards = []string{"pm_card_visa", "pm_card_visa", "pm_card_visa", "pm_card_chargeDeclined"}

// shop lets shoppers order both products until they are stopped.
func (m *market) shop(t *testing.T, shoppers int) (stop func()) {
	t.Helper()
	return m.Shop(t.Context(), shoppers, between, func(n int) client.OrderRequest {
		product := m.plenty
		if n%3 == 0 {
			product = m.scarce
		}
		return client.OrderOf(product, 1, cards[n%len(cards)])
	})
}

// settle wants no accepted order to be lost or left open, and the invariants to hold.
func (m *market) settle(t *testing.T) {
	t.Helper()
	m.Settle(t, m.DB, healed)
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
