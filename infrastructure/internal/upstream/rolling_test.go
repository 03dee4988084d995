package upstream

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"marketplace/shared/discovery"
	"marketplace/shared/lifecycle"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
	"marketplace/shared/web"
)

// Changes without an Idempotency-Key, which nobody may repeat: an instance has to leave before it stops listening.
func TestPool_P47_ARollingRestartFailsNoChange(t *testing.T) {
	t.Parallel()
	service := testkit.Prefix(t)
	stopFirst := runService(t, service)
	pool, client := newPool(t, service, "http://127.0.0.1:1")
	follow(t, pool)
	testkit.Eventually(t, within, func() bool { return len(addrs(pool)) == 1 && !strings.HasSuffix(addrs(pool)[0], ":1") })

	var sent, failed atomic.Int64
	ctx, cancel := context.WithCancel(t.Context())
	var shoppers sync.WaitGroup
	for range 4 {
		shoppers.Go(func() {
			for ctx.Err() == nil {
				sent.Add(1)
				if status, err := client.try(t, http.MethodPost, "x"); err != nil || status != http.StatusOK {
					t.Logf("%d %v", status, err)
					failed.Add(1)
				}
			}
		})
	}
	stops := []func(){stopFirst}
	for range 2 { // a new instance comes, then the old one goes
		before := addrs(pool)
		stops = append(stops, runService(t, service))
		testkit.Eventually(t, within, func() bool { return len(addrs(pool)) > len(before) })
		stops[len(stops)-2]()
		testkit.Eventually(t, within, func() bool { return len(addrs(pool)) == 1 })
	}
	cancel()
	shoppers.Wait()
	require.Zero(t, failed.Load())
	require.Greater(t, sent.Load(), int64(100))
}

func addrs(p *Pool) []string {
	var all []string
	for _, i := range *p.instances.Load() {
		all = append(all, i.addr)
	}
	return all
}

// runService is an instance as every service runs one: it leaves Consul first, then drains.
func runService(t *testing.T, service string) (stop func()) {
	t.Helper()
	server := web.New(web.Options{Service: service, Telemetry: telemetry.Nop()})
	server.Engine().POST("/", func(c *gin.Context) { c.Status(http.StatusOK) })
	listener, err := web.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	group := lifecycle.New(ctx, zerolog.Nop(), func() time.Duration { return time.Minute })
	group.Go("http", func(ctx context.Context) error { return server.ServeOn(ctx, listener) })
	consul := newConsul(t)
	group.Go("consul", func(ctx context.Context) error {
		return consul.Register(ctx, discovery.Registration{Service: service, HTTPPort: listener.Addr().(*net.TCPAddr).Port})
	})
	stop = sync.OnceFunc(func() {
		cancel()
		if err := group.Wait(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}
