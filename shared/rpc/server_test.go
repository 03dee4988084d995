package rpc

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/status"

	"marketplace/shared/fault"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

// outOfRange is the error of a database.
type outOfRange struct{}

func (outOfRange) Error() string    { return "out of range" }
func (outOfRange) SQLState() string { return "22003" }

func TestServer_AFaultArrivesAsItWasAndOurMistakesAreLoggedOnce(t *testing.T) {
	t.Parallel()
	log := &testkit.Log{}
	tel, err := telemetry.Setup(t.Context(), "test", telemetry.Options{Output: log})
	require.NoError(t, err)
	p := &program{}
	client := dial(t, DialOptions{Fallback: serve(t, p, ServerOptions{Telemetry: tel}).addr})

	gone := fault.New(fault.NotFound, "product_gone", "The product is gone.")
	p.do = func(context.Context) error { return gone }
	err = call(t.Context(), client)
	require.ErrorIs(t, err, gone)
	require.Equal(t, codes.NotFound, status.Code(err))
	require.NotContains(t, log.String(), "product_gone")

	p.do = func(context.Context) error { return fault.New(fault.Invalid, "invalid", "Invalid.").Wrap(outOfRange{}) }
	require.Equal(t, fault.Invalid, fault.Of(call(t.Context(), client)).Kind)
	require.Contains(t, log.String(), "the database refused a value")
	require.Contains(t, log.String(), `"level":"warn"`)

	for _, mistake := range []func(context.Context) error{
		func(context.Context) error { return errors.New("inside secret") },
		func(context.Context) error { panic("inside secret") },
	} {
		before := log.String()
		p.do = mistake
		err = call(t.Context(), client)
		require.Equal(t, "internal_error", fault.Of(err).Code)
		require.NotContains(t, err.Error(), "secret")
		logged := strings.TrimPrefix(log.String(), before)
		require.Equal(t, 1, strings.Count(logged, "call failed"))
		require.Contains(t, logged, "inside secret")
	}
}

func TestServer_P50_EveryCallHasADeadline(t *testing.T) {
	t.Parallel()
	var left time.Duration
	p := &program{do: func(ctx context.Context) error {
		deadline, ok := ctx.Deadline()
		if !ok {
			return errors.New("no deadline")
		}
		left = time.Until(deadline)
		return nil
	}}
	server := serve(t, p, ServerOptions{DefaultTimeout: 3 * time.Second})

	require.NoError(t, call(t.Context(), testgrpc.NewTestServiceClient(foreign(t, server.addr))))
	require.InDelta(t, 3, left.Seconds(), 1)

	ours := dial(t, DialOptions{Fallback: server.addr})
	require.NoError(t, call(t.Context(), ours))
	require.InDelta(t, defaultTimeout.Seconds(), left.Seconds(), 1, "the client's, which is passed on")

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, call(ctx, ours))
	require.InDelta(t, 60, left.Seconds(), 2)
}

func TestServer_P47_StopsWithoutFailingWhatRuns(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}), make(chan struct{})
	p := &program{do: func(context.Context) error { close(entered); <-release; return nil }}
	server := serve(t, p, ServerOptions{Grace: time.Minute})
	watching, unwatch := context.WithCancel(t.Context())
	defer unwatch()
	watch, err := healthv1.NewHealthClient(foreign(t, server.addr)).Watch(watching, &healthv1.HealthCheckRequest{})
	require.NoError(t, err)
	requireHealth(t, watch, healthv1.HealthCheckResponse_SERVING)

	client := dial(t, DialOptions{Fallback: server.addr})
	result := make(chan error, 1)
	go func() { result <- call(t.Context(), client) }()
	<-entered
	server.stop()
	requireHealth(t, watch, healthv1.HealthCheckResponse_NOT_SERVING)
	require.Empty(t, server.ended, "a call still runs")

	close(release)
	require.NoError(t, <-result)
	unwatch()
	require.NoError(t, <-server.ended, "nothing runs any more: no need to wait for the grace")
}

func TestServer_P47_CutsOffWhatExceedsTheGrace(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{})
	p := &program{do: func(ctx context.Context) error { close(entered); <-ctx.Done(); return ctx.Err() }}
	server := serve(t, p, ServerOptions{Grace: 50 * time.Millisecond})
	client := dial(t, DialOptions{Fallback: server.addr})
	result := make(chan error, 1)
	go func() { result <- call(t.Context(), client) }()
	<-entered
	server.stop()
	require.Error(t, <-result)
	require.NoError(t, <-server.ended)
}

func TestServer_P35_PlainTextOnlyOnAPrivateNetwork(t *testing.T) {
	t.Parallel()
	server := NewServer(ServerOptions{Telemetry: telemetry.Nop(), Production: true})
	require.ErrorContains(t, server.Serve(t.Context(), "127.0.0.1:0"), "production needs TLS")
	require.NotContains(t, server.GetServiceInfo(), "grpc.reflection.v1.ServerReflection")

	server = NewServer(ServerOptions{Telemetry: telemetry.Nop()})
	require.Contains(t, server.GetServiceInfo(), "grpc.reflection.v1.ServerReflection")
	require.ErrorContains(t, server.Serve(t.Context(), "8.8.8.8:9081"), "private network only")
	require.Error(t, server.Serve(t.Context(), "example.org:9081"))

	for _, addr := range []string{"127.0.0.1:1", "10.1.2.3:1", "[fd00::1]:1", "localhost:1"} {
		got, err := privateAddress(addr)
		require.NoError(t, err)
		require.Equal(t, addr, got)
	}
	everywhere, err := privateAddress(":1")
	require.NoError(t, err)
	require.Contains(t, []string{":1", "127.0.0.1:1"}, everywhere)
}

func requireHealth(t *testing.T, watch healthv1.Health_WatchClient, want healthv1.HealthCheckResponse_ServingStatus) {
	t.Helper()
	reply, err := watch.Recv()
	require.NoError(t, err)
	require.Equal(t, want, reply.GetStatus())
}
