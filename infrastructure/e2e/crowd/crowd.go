// Package crowd is shoppers who go on ordering while a marketplace is hurt, and what has to be true of their orders afterwards.
package crowd

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/invariants"
)

// again is a shopper's pause before the same request is sent once more.
const again = 100 * time.Millisecond

// Crowd is shoppers of one account, and what became of their orders.
type Crowd struct {
	// Shopper is the account. It may be replaced, signed in anew, while nobody shops.
	Shopper *client.Client

	mu      sync.Mutex
	placed  []string
	refused []string
	failed  int
}

// New returns shoppers who have not ordered anything.
func New(shopper *client.Client) *Crowd { return &Crowd{Shopper: shopper} }

// Shop lets a number of shoppers order, with a pause after each order, until it is stopped. What a shopper orders is told by
// the order's number; every fifth is cancelled.
func (c *Crowd) Shop(ctx context.Context, shoppers int, pause time.Duration, order func(n int) client.OrderRequest) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	for first := range shoppers {
		group.Go(func() {
			for n := first; ctx.Err() == nil; n++ {
				c.order(ctx, order(n), n%5 == 0)
				client.Pause(ctx, pause)
			}
		})
	}
	return func() { cancel(); group.Wait() }
}

// order repeats the same request with the same key until there is an answer, as a good client does.
func (c *Crowd) order(ctx context.Context, request client.OrderRequest, cancel bool) {
	key := client.Key()
	for ctx.Err() == nil {
		reply, err := c.Shopper.Send(ctx, http.MethodPost, "/api/v1/orders", request, key)
		var placed client.Order
		switch {
		case err == nil && reply.Status == http.StatusCreated && json.Unmarshal(reply.Body, &placed) == nil:
			c.Note(placed.ID)
			if cancel {
				_, _ = c.Shopper.Send(ctx, http.MethodPost, "/api/v1/orders/"+placed.ID+"/cancel", map[string]string{"reason": "changed my mind"})
			}
			return
		case err == nil && final(reply.Status):
			c.locked(func() { c.refused = append(c.refused, reply.String()) })
			return
		case ctx.Err() == nil:
			c.locked(func() { c.failed++ })
		}
		client.Pause(ctx, again)
	}
}

// final says whether a repetition would be refused as well.
func final(status int) bool {
	return status < http.StatusInternalServerError && status != http.StatusConflict && status != http.StatusTooManyRequests
}

func (c *Crowd) locked(do func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	do()
}

// Note adds an order that was placed otherwise.
func (c *Crowd) Note(orderID string) { c.locked(func() { c.placed = append(c.placed, orderID) }) }

// Placed lists the orders that were accepted so far.
func (c *Crowd) Placed() (ids []string) {
	c.locked(func() { ids = slices.Clone(c.placed) })
	return ids
}

// Failed counts the attempts that got no answer, or one that was worth another attempt.
func (c *Crowd) Failed() (n int) {
	c.locked(func() { n = c.failed })
	return n
}

// Settle wants every order that was accepted to be there once and ended within the time, and the invariants to hold.
func (c *Crowd) Settle(t *testing.T, db *pgxpool.Pool, within time.Duration) {
	t.Helper()
	c.locked(func() { require.Empty(t, c.refused, "orders were refused") })
	placed := c.Placed()
	require.NotEmpty(t, placed, "no order was accepted")
	Ended(t, db, within)
	var there int
	require.NoError(t, db.QueryRow(t.Context(), "SELECT count(*) FROM order_service.orders WHERE id = ANY($1)", placed).Scan(&there))
	require.Equal(t, len(placed), there, "orders were accepted and are gone")
	t.Logf("%d orders, none lost", there)
}

// Ended wants all orders of the marketplace to end within the time, and the invariants to hold.
func Ended(t *testing.T, db *pgxpool.Pool, within time.Duration) {
	t.Helper()
	require.Eventually(t, func() bool {
		var open int
		require.NoError(t, db.QueryRow(t.Context(),
			"SELECT count(*) FROM order_service.orders WHERE status IN ('pending', 'reserved', 'cancelling')").Scan(&open))
		return open == 0
	}, within, 200*time.Millisecond, "orders are left open")
	invariants.Hold(t, db, within)
}
