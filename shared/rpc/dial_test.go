package rpc

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"marketplace/shared/discovery"
	"marketplace/shared/fault"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

var errAway = fault.New(fault.Unavailable, "away", "Away.")

func TestDial_P50_OnlyIdempotentCallsAreRetried(t *testing.T) {
	t.Parallel()
	p := &program{do: func(context.Context) error { return errAway }}
	client := dial(t, DialOptions{Fallback: serve(t, p, ServerOptions{}).addr})
	for range 5 {
		require.ErrorIs(t, call(t.Context(), client), errAway)
	}
	require.EqualValues(t, 5, p.calls.Load())

	p.do = func(context.Context) error {
		if p.calls.Load() == 6 {
			return errAway
		}
		return nil
	}
	client = dial(t, DialOptions{
		Fallback:   serve(t, p, ServerOptions{}).addr,
		Idempotent: []string{testgrpc.TestService_EmptyCall_FullMethodName},
	})
	require.NoError(t, call(t.Context(), client))
	require.EqualValues(t, 7, p.calls.Load())
}

func TestDial_P50_RetriesEndWithTheBudget(t *testing.T) {
	t.Parallel()
	p := &program{do: func(context.Context) error { return errAway }}
	client := dial(t, DialOptions{
		Fallback:   serve(t, p, ServerOptions{}).addr,
		Idempotent: []string{testgrpc.TestService_EmptyCall_FullMethodName},
	})
	const calls = 100
	for range calls {
		require.Error(t, call(t.Context(), client))
	}
	require.LessOrEqual(t, p.calls.Load(), int64(calls*11/10))
	require.Greater(t, p.calls.Load(), int64(calls))
}

func TestDial_P48_CallsGoOnWhenAnInstanceDies(t *testing.T) {
	t.Parallel()
	consul, service := newConsul(t), testkit.Prefix(t)
	one, two := &program{}, &program{}
	first, second := serve(t, one, ServerOptions{}), serve(t, two, ServerOptions{})
	announce(t, consul, service, first.addr)
	announce(t, consul, service, second.addr)
	client := dial(t, DialOptions{
		Target: service, Consul: consul, Fallback: first.addr,
		Idempotent: []string{testgrpc.TestService_EmptyCall_FullMethodName},
	})
	require.NoError(t, call(t.Context(), client), "the fallback serves before Consul has told anything")
	testkit.Eventually(t, within, func() bool {
		require.NoError(t, call(t.Context(), client))
		return one.calls.Load() > 0 && two.calls.Load() > 0
	})

	first.server.Stop() // as a killed process: its connections break, Consul does not know yet
	before := two.calls.Load()
	for range 50 {
		require.NoError(t, call(t.Context(), client))
	}
	require.Equal(t, before+50, two.calls.Load())
}

func TestDial_P48_AnInstanceThatIsAwayIsTriedAgainSoon(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var tries atomic.Int64
	var accepting sync.WaitGroup
	accepting.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			tries.Add(1)
			_ = connection.Close() // as a process that is still starting
		}
	})
	t.Cleanup(func() { _ = listener.Close(); accepting.Wait() })
	client := dial(t, DialOptions{Fallback: listener.Addr().String()})
	require.Error(t, call(t.Context(), client))
	// gRPC's own pauses would bring the fifth try after seven seconds at the earliest, and later ones every two minutes.
	testkit.Eventually(t, 5*time.Second, func() bool { return tries.Load() >= 5 })
}

func TestDial_P47_ARollingStopFailsNothing(t *testing.T) {
	t.Parallel()
	consul, service := newConsul(t), testkit.Prefix(t)
	one, two := &program{}, &program{}
	first, second := serve(t, one, ServerOptions{}), serve(t, two, ServerOptions{})
	announce(t, consul, service, first.addr)
	announce(t, consul, service, second.addr)
	client := dial(t, DialOptions{Target: service, Consul: consul})
	testkit.Eventually(t, within, func() bool {
		require.NoError(t, call(t.Context(), client))
		return one.calls.Load() > 0 && two.calls.Load() > 0
	})

	first.stop()
	for serving := true; serving; {
		require.NoError(t, call(t.Context(), client))
		select {
		case err := <-first.ended:
			require.NoError(t, err)
			serving = false
		default:
		}
	}
	for range 20 {
		require.NoError(t, call(t.Context(), client))
	}
}

func TestDial_NeedsSomewhereToGo(t *testing.T) {
	t.Parallel()
	_, err := Dial(DialOptions{Target: "x", Telemetry: telemetry.Nop()})
	require.Error(t, err)
	_, err = Dial(DialOptions{Target: "x", Fallback: "a:1", Telemetry: telemetry.Nop(), Idempotent: []string{"nonsense"}})
	require.Error(t, err)
}

func newConsul(t *testing.T) *discovery.Client {
	t.Helper()
	client, err := discovery.New(discovery.Options{URL: testkit.Consul(t), Trusted: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	require.NoError(t, err)
	return client
}

// announce registers a gRPC address that passes its health check.
func announce(t *testing.T, consul *discovery.Client, service, addr string) {
	t.Helper()
	host, _, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	require.NoError(t, err)
	healthy := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	require.NoError(t, healthy.Listener.Close())
	healthy.Listener = listener
	healthy.Start()
	t.Cleanup(healthy.Close)
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := consul.Register(ctx, discovery.Registration{
			Service: service, Addr: host, HTTPPort: port(t, healthy.Listener.Addr().String()), GRPCPort: port(t, addr),
		}); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); done.Wait() })
}

func port(t *testing.T, addr string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	number, err := strconv.Atoi(text)
	require.NoError(t, err)
	return number
}
