package discovery

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const within = time.Minute

func TestRegister_P47_FoundWhileItRunsAndGoneWhenItStops(t *testing.T) {
	t.Parallel()
	client, service := newClient(t, testkit.Consul(t)), testkit.Prefix(t)
	instance := newInstance(t)
	seen := watch(t, client, service)

	stop := register(t, client, Registration{Service: service, HTTPPort: instance.port, GRPCPort: 7})
	testkit.Eventually(t, within, func() bool { return len(seen.last()) == 1 })
	found := seen.last()[0]
	require.Equal(t, instance.address, found.HTTPAddr())
	require.Equal(t, "127.0.0.1:7", found.GRPCAddr())

	stop()
	left, _, err := client.passing(t.Context(), service, 0)
	require.NoError(t, err)
	require.Empty(t, left)
	require.Len(t, seen.last(), 1, "the last known set stays")
}

func TestRegister_P48_AgainWhenTheAgentForgot(t *testing.T) {
	t.Parallel()
	client, service := newClient(t, testkit.Consul(t)), testkit.Prefix(t)
	client.renewEvery = 50 * time.Millisecond
	register(t, client, Registration{Service: service, ID: service, HTTPPort: newInstance(t).port})

	known := func() bool { _, _, err := client.api.Agent().Service(service, nil); return err == nil }
	testkit.Eventually(t, within, known)
	require.NoError(t, client.api.Agent().ServiceDeregister(service))
	testkit.Eventually(t, within, known)
}

// What a process registered before it crashed has its token of then, with which the agent goes on to report its health.
func TestRegister_WhatAnEarlierLifeLeftIsReplaced(t *testing.T) {
	t.Parallel()
	client, service := newClient(t, testkit.Consul(t)), testkit.Prefix(t)
	instance := newInstance(t)
	registration := Registration{Service: service, HTTPPort: instance.port}
	left, err := client.entry(registration)
	require.NoError(t, err)
	left.Tags = []string{"of an earlier life"}
	require.NoError(t, client.api.Agent().ServiceRegister(left))

	register(t, client, registration)
	testkit.Eventually(t, within, func() bool {
		known, _, err := client.api.Agent().Service(left.ID, nil)
		require.NoError(t, err)
		return len(known.Tags) == 0
	})
}

func TestRegister_P48_WhenConsulComesLate(t *testing.T) {
	t.Parallel()
	relay := newRelay(t, testkit.Consul(t))
	relay.cut()
	client, service := newClient(t, relay.url), testkit.Prefix(t)
	register(t, client, Registration{Service: service, HTTPPort: newInstance(t).port})
	seen := watch(t, client, service)
	testkit.Eventually(t, within, func() bool { return relay.refused.Load() > 2 })

	relay.heal()
	testkit.Eventually(t, within, func() bool { return len(seen.last()) == 1 })
}

func TestWatch_P48_TheLastKnownInstancesStay(t *testing.T) {
	t.Parallel()
	relay := newRelay(t, testkit.Consul(t))
	direct, service := newClient(t, testkit.Consul(t)), testkit.Prefix(t)
	one, two := newInstance(t), newInstance(t)
	register(t, direct, Registration{Service: service, HTTPPort: one.port})
	seen := watch(t, newClient(t, relay.url), service)
	testkit.Eventually(t, within, func() bool { return len(seen.last()) == 1 })

	one.ready.Store(false)
	testkit.Eventually(t, within, func() bool {
		found, _, err := direct.passing(t.Context(), service, 0)
		return err == nil && len(found) == 0
	})
	relay.cut()
	one.ready.Store(true)
	register(t, direct, Registration{Service: service, HTTPPort: two.port})
	require.Len(t, seen.last(), 1, "neither an empty set nor Consul's absence removes it")

	relay.heal()
	testkit.Eventually(t, within, func() bool { return len(seen.last()) == 2 })
}

func TestWatch_AnAgentThatAnswersAtOnceIsNotAskedInALoop(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	agent := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("X-Consul-Index", "1")
		_, _ = io.WriteString(w, "[]")
	}))
	t.Cleanup(agent.Close)
	client := newClient(t, agent.URL)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	client.Watch(ctx, "any", func([]Instance) { t.Error("an empty set") })
	require.LessOrEqual(t, asked.Load(), int64(11))
	require.Greater(t, asked.Load(), int64(1))
}

func TestRegister_ConsulsAddressNeedsNoPort(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"http://127.0.0.1", "http://127.0.0.1:8500"} {
		entry, err := newClient(t, address).entry(Registration{Service: "any", HTTPPort: 8081})
		require.NoError(t, err)
		require.Equal(t, "127.0.0.1", entry.Address)
	}
}

func TestClient_AloneWithoutAnAddress(t *testing.T) {
	t.Parallel()
	client := newClient(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, client.Register(ctx, Registration{Service: "any"}))
	client.Watch(ctx, "any", func([]Instance) { t.Error("nothing to see") })

	_, err := New(Options{URL: "not a url"})
	require.Error(t, err)
}

func TestFollow_AnIndexThatWentBackwardsStartsOver(t *testing.T) {
	t.Parallel()
	require.Equal(t, uint64(1), follow(0, 0))
	require.Equal(t, uint64(9), follow(5, 9))
	require.Equal(t, uint64(0), follow(9, 5))
}

func newClient(t *testing.T, consulURL string) *Client {
	t.Helper()
	client, err := New(Options{URL: consulURL, Trusted: networks("127.0.0.0/8"), Log: zerolog.New(zerolog.NewTestWriter(t))})
	require.NoError(t, err)
	return client
}

func networks(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// register runs a registration until stop or the end of the test.
func register(t *testing.T, client *Client, r Registration) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := client.Register(ctx, r); err != nil {
			t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); done.Wait() })
	t.Cleanup(stop)
	return stop
}

// views is what a watcher was told.
type views struct {
	mu  sync.Mutex
	now []Instance
}

func (v *views) last() []Instance {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

func watch(t *testing.T, client *Client, service string) *views {
	t.Helper()
	return collect(t, service, client.Watch)
}

// collect watches until the end of the test.
func collect(t *testing.T, service string, watch func(context.Context, string, func([]Instance))) *views {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	v := &views{}
	var done sync.WaitGroup
	done.Go(func() {
		watch(ctx, service, func(instances []Instance) {
			v.mu.Lock()
			defer v.mu.Unlock()
			v.now = instances
		})
	})
	t.Cleanup(func() { cancel(); done.Wait() })
	return v
}

// fakeInstance is a service as Consul sees it: a readiness check.
type fakeInstance struct {
	address string
	port    int
	ready   atomic.Bool
}

func newInstance(t *testing.T) *fakeInstance {
	t.Helper()
	return newInstanceAt(t, "127.0.0.1:0")
}

func newInstanceAt(t *testing.T, address string) *fakeInstance {
	t.Helper()
	i := &fakeInstance{}
	i.ready.Store(true)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health/ready" || !i.ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	require.NoError(t, server.Listener.Close())
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	i.address = listener.Addr().String()
	_, port, err := net.SplitHostPort(i.address)
	require.NoError(t, err)
	i.port, err = strconv.Atoi(port)
	require.NoError(t, err)
	return i
}

// relay stands between a client and Consul and can be cut.
type relay struct {
	url      string
	listener net.Listener
	target   string
	refused  atomic.Int64

	mu   sync.Mutex
	down bool
	open map[net.Conn]struct{}
}

func newRelay(t *testing.T, consulURL string) *relay {
	t.Helper()
	target, err := url.Parse(consulURL)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{url: "http://" + listener.Addr().String(), listener: listener, target: target.Host, open: map[net.Conn]struct{}{}}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			done.Go(func() { r.carry(from) })
		}
	})
	t.Cleanup(func() { listener.Close(); r.cut(); done.Wait() })
	return r
}

func (r *relay) carry(from net.Conn) {
	defer from.Close()
	to, err := net.Dial("tcp", r.target)
	if err != nil || !r.admit(from, to) {
		return
	}
	defer to.Close()
	go func() { _, _ = io.Copy(to, from); to.Close() }()
	_, _ = io.Copy(from, to)
}

func (r *relay) admit(connections ...net.Conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range connections {
		if r.down {
			r.refused.Add(1)
			c.Close()
			continue
		}
		r.open[c] = struct{}{}
	}
	return !r.down
}

func (r *relay) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = true
	for c := range r.open {
		c.Close()
	}
	clear(r.open)
}

func (r *relay) heal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = false
}
