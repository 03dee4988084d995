package rabbit_test

import (
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

// A window may get its turn when its time is nearly over. To give up the connection then would cost the windows of others,
// and with a slow broker all of them.
func TestSession_P7_AWindowThatCameLateToItsTurnDoesNotCostTheConnection(t *testing.T) {
	t.Parallel()
	broker := newSlowBroker(t, testkit.VHost(t))
	s := start(t, broker.url, telemetry.Nop())
	requireAll(t, s.Publish(t.Context(), messages(1, "thing.made")))

	broker.delay.Store(int64(4 * time.Second))
	results := make([]error, 2)
	var publishing sync.WaitGroup
	for i := range results {
		publishing.Go(func() { results[i] = s.Publish(t.Context(), messages(1, "thing.made"))[0] })
	}
	publishing.Wait()
	if results[0] != nil {
		results[0], results[1] = results[1], results[0]
	}
	require.NoError(t, results[0])
	require.Error(t, results[1], "not confirmed in time")
	broker.delay.Store(0)
	testkit.Eventually(t, time.Minute, func() error { return s.Publish(t.Context(), messages(1, "thing.made"))[0] })
	require.EqualValues(t, 1, broker.connections.Load())
}

// A declaration is many calls. A broker that takes a second for each is slow and not away: the publishing connection stays.
func TestSession_P7_ADeclarationOnASlowBrokerDoesNotCostTheConnection(t *testing.T) {
	t.Parallel()
	address := testkit.VHost(t)
	broker := newSlowBroker(t, address)
	s := start(t, broker.url, telemetry.Nop())
	requireAll(t, s.Publish(t.Context(), messages(1, "thing.made")))

	broker.delay.Store(int64(1500 * time.Millisecond))
	require.NoError(t, channel(t, address).QueueUnbind(queue, "thing.made", "shop.events", nil))
	require.Error(t, s.Publish(t.Context(), messages(1, "thing.made"))[0], "returned, which asks for a declaration")
	testkit.Eventually(t, time.Minute, func() error { return s.Publish(t.Context(), messages(1, "thing.made"))[0] }, "declared")
	require.EqualValues(t, 1, broker.connections.Load())
}

// slowBroker is a proxy that holds back what the broker says.
type slowBroker struct {
	url         string
	server      string
	delay       atomic.Int64
	connections atomic.Int64
}

func newSlowBroker(t *testing.T, address string) *slowBroker {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	b := &slowBroker{server: u.Host}
	u.Host = listener.Addr().String()
	b.url = u.String()
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			b.connections.Add(1)
			serving.Go(func() { b.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return b
}

func (b *slowBroker) serve(client net.Conn) {
	server, err := net.Dial("tcp", b.server)
	if err != nil {
		_ = client.Close()
		return
	}
	type chunk struct {
		due  time.Time
		text []byte
	}
	said := make(chan chunk, 1000)
	var passing sync.WaitGroup
	passing.Go(func() {
		_, _ = io.Copy(server, client)
		_ = server.Close()
	})
	passing.Go(func() {
		for c := range said {
			<-time.After(time.Until(c.due))
			_, _ = client.Write(c.text)
		}
		_ = client.Close()
	})
	for buffer := make([]byte, 4096); ; {
		n, err := server.Read(buffer)
		if err != nil {
			break
		}
		said <- chunk{time.Now().Add(time.Duration(b.delay.Load())), append([]byte{}, buffer[:n]...)}
	}
	close(said)
	passing.Wait()
}
