// Package journeys walks through the marketplace as its users do: through the gateway, against the real processes on real
// servers. After each journey every invariant over all services' data holds.
package journeys

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/cluster"
	"marketplace/infrastructure/e2e/invariants"
)

// quietWithin is how long the last message of a journey may take.
const quietWithin = 30 * time.Second

// shop is a marketplace with its staff and one product in stock.
type shop struct {
	*cluster.Cluster
	admin, seller, keeper, support, shopper *client.Client
	warehouse, product                      string
}

const (
	price = 1299
	stock = 100
	visa  = "pm_card_visa"
)

func openShop(t *testing.T, o cluster.Options) *shop {
	t.Helper()
	return staffed(t, cluster.Start(t, o))
}

func staffed(t *testing.T, c *cluster.Cluster) *shop {
	t.Helper()
	s := &shop{Cluster: c, admin: c.Admin(t)}
	s.seller = c.Anyone().Staff(t, s.admin, "seller")
	s.keeper = c.Anyone().Staff(t, s.admin, "warehouse")
	s.support = c.Anyone().Staff(t, s.admin, "support")
	s.shopper, _ = c.Anyone().Register(t)
	s.warehouse = s.keeper.Warehouse(t)
	s.product = s.seller.Product(t, price)
	s.keeper.Supply(t, s.warehouse, client.Item{ProductID: s.product, Quantity: stock})
	return s
}

// available waits until this many units can be ordered: releases arrive by message.
func (s *shop) available(t *testing.T, want int64) {
	t.Helper()
	require.Eventually(t, func() bool { return s.shopper.Available(t, s.product) == want }, quietWithin, 50*time.Millisecond,
		"%d units available", want)
}

// paymentStatus waits until the order's payment has this status.
func (s *shop) paymentStatus(t *testing.T, order, want string) {
	t.Helper()
	require.Eventually(t, func() bool {
		var list struct {
			Items []struct {
				Status string `json:"status"`
			} `json:"items"`
		}
		s.shopper.Get(t, "/api/v1/payments?order_id="+order, &list)
		return len(list.Items) == 1 && list.Items[0].Status == want
	}, quietWithin, 50*time.Millisecond, "payment of %s becomes %s", order, want)
}

// orderStatus waits until the order has this status.
func (s *shop) orderStatus(t *testing.T, id, want string) client.Order {
	t.Helper()
	var order client.Order
	require.Eventually(t, func() bool {
		s.shopper.Get(t, "/api/v1/orders/"+id, &order)
		return order.Status == want
	}, quietWithin, 50*time.Millisecond, "order %s becomes %s", id, want)
	return order
}

func (s *shop) invariants(t *testing.T) {
	t.Helper()
	invariants.Hold(t, s.DB, quietWithin)
}
