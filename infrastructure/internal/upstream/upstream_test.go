package upstream

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/discovery"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const within = time.Minute

func TestPool_P48_ReadsGoOnWhenAnInstanceDies(t *testing.T) {
	t.Parallel()
	service := testkit.Prefix(t)
	one, two := newBackend(t), newBackend(t)
	announce(t, service, one)
	announce(t, service, two)
	pool, client := newPool(t, service, one.server.URL)
	follow(t, pool)
	testkit.Eventually(t, within, func() bool {
		require.Equal(t, http.StatusOK, client.send(t, http.MethodGet, ""))
		return one.seen.Load() > 0 && two.seen.Load() > 0
	})

	one.kill()
	for range 30 { // a dead port takes no connection, so a change may go on as well
		require.Equal(t, http.StatusOK, client.send(t, http.MethodGet, ""))
		require.Equal(t, http.StatusOK, client.send(t, http.MethodPost, "x"))
	}
}

func TestTransport_P50_AChangeIsSentOnce(t *testing.T) {
	t.Parallel()
	one, two := newBackend(t), newBackend(t)
	pool, client := newPool(t, "any", one.server.URL)
	pool.set([]string{one.addr(), two.addr()})
	one.breaks.Store(true)
	two.breaks.Store(true)

	_, err := client.try(t, http.MethodPost, "x")
	require.ErrorIs(t, err, Broken)
	require.EqualValues(t, 1, one.seen.Load()+two.seen.Load())

	_, err = client.try(t, http.MethodGet, "")
	require.ErrorIs(t, err, Away)
	require.EqualValues(t, 3, one.seen.Load()+two.seen.Load(), "a read goes to one other")
}

func TestTransport_P50_RepeatsStayWithinATenth(t *testing.T) {
	t.Parallel()
	one, two := newBackend(t), newBackend(t)
	pool, client := newPool(t, "any", one.server.URL)
	pool.set([]string{one.addr(), two.addr()})
	one.breaks.Store(true) // two never fails, so every first try on one is repeated while the budget lasts
	const reads = 300
	for range reads {
		for _, i := range *pool.instances.Load() {
			i.breaker = pool.newBreaker(i.addr) // the breaker would hide it
		}
		_, _ = client.try(t, http.MethodGet, "")
	}
	require.LessOrEqual(t, one.seen.Load()+two.seen.Load(), int64(reads*11/10+budgetFull/price))
	require.Greater(t, one.seen.Load()+two.seen.Load(), int64(reads))
}

func TestPool_ABreakerSparesAnInstanceThatFails(t *testing.T) {
	t.Parallel()
	backend := newBackend(t)
	_, client := newPool(t, "any", backend.server.URL)
	backend.breaks.Store(true)
	for range breakerFailures {
		_, err := client.try(t, http.MethodGet, "")
		require.ErrorIs(t, err, Away)
	}
	seen := backend.seen.Load()
	_, err := client.try(t, http.MethodGet, "")
	require.ErrorIs(t, err, Away)
	require.Equal(t, seen, backend.seen.Load())

	backend.breaks.Store(false)
	testkit.Eventually(t, within, func() error {
		_, err := client.try(t, http.MethodGet, "")
		return err
	})
}

// After an outage the first to come back are those who wait for their orders.
func TestPool_P48_RequestsThatWaitDoNotHoldUpARecovery(t *testing.T) {
	t.Parallel()
	backend := newBackend(t)
	_, client := newPool(t, "any", backend.server.URL)
	backend.breaks.Store(true)
	for range breakerFailures {
		_, err := client.try(t, http.MethodGet, "")
		require.ErrorIs(t, err, Away)
	}
	backend.breaks.Store(false)
	backend.hangs.Store(true)
	waiting, leave := context.WithCancel(t.Context())
	var shoppers sync.WaitGroup
	t.Cleanup(func() { leave(); shoppers.Wait() })
	seen := backend.seen.Load()
	testkit.Eventually(t, within, func() bool {
		shoppers.Go(func() {
			r, err := http.NewRequestWithContext(waiting, http.MethodGet, "http://any/", http.NoBody)
			if err == nil {
				_, err = client.transport.RoundTrip(r)
			}
			if err == nil {
				t.Error("it has been answered")
			}
		})
		return backend.seen.Load() >= seen+breakerProbes
	})
	backend.hangs.Store(false)
	testkit.Eventually(t, within, func() error {
		_, err := client.try(t, http.MethodGet, "")
		return err
	})
}

func TestPool_AClientThatLeavesIsNotTheInstancesFault(t *testing.T) {
	t.Parallel()
	backend := newBackend(t)
	backend.hangs.Store(true)
	_, client := newPool(t, "any", backend.server.URL)
	for range 2 * breakerFailures {
		left, leave := context.WithCancel(t.Context())
		timer := time.AfterFunc(10*time.Millisecond, leave)
		r, err := http.NewRequestWithContext(left, http.MethodGet, "http://any/", http.NoBody)
		require.NoError(t, err)
		_, err = client.transport.RoundTrip(r)
		require.ErrorIs(t, err, context.Canceled)
		timer.Stop()
	}
	backend.hangs.Store(false)
	require.Equal(t, http.StatusOK, client.send(t, http.MethodGet, ""))
}

func TestNewPool_RefusesWhatIsNoAddress(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "127.0.0.1:80", "https://x", "http://"} {
		_, err := NewPool("any", bad, NewMetrics(prometheus.NewRegistry()), zerolog.Nop())
		require.Error(t, err, bad)
	}
}

// backend is one instance.
type backend struct {
	server *httptest.Server
	seen   atomic.Int64
	breaks atomic.Bool // cuts the connection after it has read the request
	hangs  atomic.Bool
}

func newBackend(t *testing.T) *backend {
	t.Helper()
	b := &backend{}
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/health/ready" {
			return
		}
		b.seen.Add(1)
		if b.hangs.Load() {
			<-r.Context().Done()
		}
		if b.breaks.Load() {
			panic(http.ErrAbortHandler)
		}
	}))
	t.Cleanup(b.server.Close)
	return b
}

func (b *backend) addr() string { return b.server.Listener.Addr().String() }

// kill is a process that dies: its connections break and its port is closed.
func (b *backend) kill() {
	b.server.CloseClientConnections()
	b.server.Close()
}

// client sends through the transport.
type client struct{ transport *Transport }

func newPool(t *testing.T, service, fallback string) (*Pool, client) {
	t.Helper()
	pool, err := NewPool(service, fallback, NewMetrics(prometheus.NewRegistry()), zerolog.Nop())
	require.NoError(t, err)
	base := NewBase()
	t.Cleanup(base.CloseIdleConnections)
	return pool, client{transport: NewTransport(base, map[string]*Pool{service: pool, "any": pool})}
}

func (c client) try(t *testing.T, method, body string) (int, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://any/", strings.NewReader(body))
	require.NoError(t, err)
	reply, err := c.transport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	return reply.StatusCode, reply.Body.Close()
}

func (c client) send(t *testing.T, method, body string) int {
	t.Helper()
	status, err := c.try(t, method, body)
	require.NoError(t, err, errors.Unwrap(err))
	return status
}

func newConsul(t *testing.T) *discovery.Client {
	t.Helper()
	consul, err := discovery.New(discovery.Options{URL: testkit.Consul(t), Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	require.NoError(t, err)
	return consul
}

func announce(t *testing.T, service string, b *backend) {
	t.Helper()
	_, text, err := net.SplitHostPort(b.addr())
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	run(t, func(ctx context.Context) error {
		return newConsul(t).Register(ctx, discovery.Registration{Service: service, HTTPPort: port})
	})
}

func follow(t *testing.T, pool *Pool) {
	t.Helper()
	run(t, func(ctx context.Context) error { return pool.Run(ctx, newConsul(t)) })
}

func run(t *testing.T, part func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := part(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); done.Wait() })
}
