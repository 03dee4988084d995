// Package bench measures the whole marketplace on one machine: shoppers who each place an order, wait until it is
// confirmed and place the next (a closed loop). Run it with `make bench`.
package bench

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/cluster"
	"marketplace/infrastructure/e2e/invariants"
)

const (
	shoppers = 64
	products = 50
	plenty   = 1_000_000
)

// BenchmarkOrders prints orders accepted and confirmed per second and the CPU time that one confirmed order costs in each
// process. BENCH_TIME is the measured time (default 1m).
func BenchmarkOrders(b *testing.B) {
	duration := time.Minute
	if text := os.Getenv("BENCH_TIME"); text != "" {
		var err error
		duration, err = time.ParseDuration(text)
		require.NoError(b, err)
	}
	c := cluster.Start(b, cluster.Options{Env: map[string][]string{
		"gateway":      {"RATE_LIMIT=1000000", "RATE_BURST=1000000"},
		"user-service": {"REGISTRATIONS_PER_ADDRESS=1000000"},
	}})
	catalogue := stockedCatalogue(b, c)
	// An account each: orders of one customer are placed one after the other, for the limits on what is open.
	people := make([]*client.Client, shoppers)
	for n := range people {
		people[n], _ = c.Anyone().Register(b)
	}

	for b.Loop() {
		commits, before := commitsOf(b, c), cpuOf(b, c)
		count := run(b, people, catalogue, duration)
		after := cpuOf(b, c)
		report(b, count, after.since(before), duration)
		b.ReportMetric(float64(commitsOf(b, c)-commits)/float64(max(1, count.confirmed.Load())), "commits/order")
	}
	invariants.Hold(b, c.DB, time.Minute)
}

func stockedCatalogue(b *testing.B, c *cluster.Cluster) []string {
	admin := c.Admin(b)
	warehouse := admin.Warehouse(b)
	var ids []string
	var lines []client.Item
	for range products {
		id := admin.Product(b, 1299)
		ids = append(ids, id)
		lines = append(lines, client.Item{ProductID: id, Quantity: plenty})
	}
	admin.Supply(b, warehouse, lines...)
	return ids
}

// commitsOf is how many transactions the marketplace's database has committed, reads included.
func commitsOf(b *testing.B, c *cluster.Cluster) int64 {
	b.Helper()
	var commits int64
	require.NoError(b, c.DB.QueryRow(context.Background(),
		"SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()").Scan(&commits))
	return commits
}

type counts struct{ accepted, confirmed, refused atomic.Int64 }

// run lets the shoppers order until the time is over. Each waits for its order by the API's own ?wait=.
func run(b *testing.B, people []*client.Client, catalogue []string, duration time.Duration) *counts {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), duration)
	defer cancel()
	var count counts
	var group sync.WaitGroup
	for n, shopper := range people {
		group.Go(func() {
			for i := n; ctx.Err() == nil; i++ {
				orderOnce(ctx, shopper, catalogue[i%len(catalogue)], &count)
			}
		})
	}
	group.Wait()
	return &count
}

func orderOnce(ctx context.Context, shopper *client.Client, product string, count *counts) {
	reply, err := shopper.Send(ctx, http.MethodPost, "/api/v1/orders", client.OrderOf(product, 1, "pm_card_visa"), client.Key())
	if err != nil {
		return // the time is over
	}
	var order client.Order
	if reply.Status != http.StatusCreated || json.Unmarshal(reply.Body, &order) != nil {
		count.refused.Add(1)
		return
	}
	count.accepted.Add(1)
	reply, err = shopper.Send(ctx, http.MethodGet, "/api/v1/orders/"+order.ID+"?wait=10s", nil)
	if err == nil && json.Unmarshal(reply.Body, &order) == nil && order.Status == "confirmed" {
		count.confirmed.Add(1)
	}
}

func report(b *testing.B, count *counts, cpu usage, duration time.Duration) {
	seconds := duration.Seconds()
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(count.accepted.Load())/seconds, "accepted/s")
	b.ReportMetric(float64(count.confirmed.Load())/seconds, "confirmed/s")
	b.ReportMetric(float64(count.refused.Load())/seconds, "refused/s")
	confirmed := float64(max(1, count.confirmed.Load()))
	var total float64
	for name, spent := range cpu {
		each := float64(spent.Microseconds()) / confirmed
		total += each
		b.ReportMetric(each, name+"-cpu-us/order")
	}
	b.ReportMetric(total, "all-cpu-us/order")
}
