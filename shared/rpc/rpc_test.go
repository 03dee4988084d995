package rpc

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"marketplace/shared/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const within = time.Minute

// program is a service whose one method does what the test says.
type program struct {
	testgrpc.UnimplementedTestServiceServer
	calls atomic.Int64
	do    func(ctx context.Context) error
}

func (p *program) EmptyCall(ctx context.Context, _ *testgrpc.Empty) (*testgrpc.Empty, error) {
	p.calls.Add(1)
	if p.do == nil {
		return &testgrpc.Empty{}, nil
	}
	return &testgrpc.Empty{}, p.do(ctx)
}

// running is a server of the test.
type running struct {
	addr   string
	stop   func() // asks it to stop and returns
	ended  chan error
	server *Server
}

func serve(t *testing.T, p *program, o ServerOptions) *running {
	t.Helper()
	return serveAt(t, "127.0.0.1", p, o)
}

func serveAt(t *testing.T, host string, p *program, o ServerOptions) *running {
	t.Helper()
	if o.Telemetry == nil {
		o.Telemetry = telemetry.Nop()
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	require.NoError(t, err)
	server := NewServer(o)
	testgrpc.RegisterTestServiceServer(server, p)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{addr: listener.Addr().String(), stop: cancel, ended: make(chan error, 1), server: server}
	var done sync.WaitGroup
	done.Go(func() { r.ended <- server.ServeOn(ctx, listener) })
	t.Cleanup(func() { cancel(); server.Stop(); done.Wait() })
	return r
}

func dial(t *testing.T, o DialOptions) testgrpc.TestServiceClient {
	t.Helper()
	o.Telemetry = telemetry.Nop()
	if o.Target == "" {
		o.Target = "test-service"
	}
	connection, err := Dial(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, connection.Close()) })
	return testgrpc.NewTestServiceClient(connection)
}

// foreign is a client that is not ours: no deadline, no fault.
func foreign(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, connection.Close()) })
	return connection
}

func call(ctx context.Context, client testgrpc.TestServiceClient) error {
	_, err := client.EmptyCall(ctx, &testgrpc.Empty{})
	return err
}
