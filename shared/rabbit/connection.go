package rabbit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	dialTimeout = 5 * time.Second
	// callTimeout bounds every synchronous call, and every write: a frozen broker keeps its sockets open.
	callTimeout = 5 * time.Second
	heartbeat   = 5 * time.Second
)

// connection is one connection that can be given up at any moment. The client library's own calls know no deadline.
type connection struct {
	amqp    *amqp.Connection
	socket  net.Conn
	blocked atomic.Bool // the broker is short of memory or disk and reads nothing from publishers
	drained chan struct{}

	finds  bool            // the broker refused a declaration: from then on the topology is only looked for
	unseen map[string]bool // what it does not even let us look for
}

// dial connects, or gives up after dialTimeout.
func dial(ctx context.Context, url, name string) (*connection, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c := &connection{drained: make(chan struct{}), unseen: map[string]bool{}}
	hurry := func() bool { return true }
	properties := amqp.NewConnectionProperties()
	properties.SetClientConnectionName(name)
	var err error
	c.amqp, err = amqp.DialConfig(url, amqp.Config{
		Heartbeat:  heartbeat,
		Properties: properties,
		Dial: func(network, address string) (net.Conn, error) {
			socket, err := (&net.Dialer{}).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			c.socket = boundedWrites{socket}
			hurry = context.AfterFunc(ctx, c.abort) // the handshake knows no deadline
			return c.socket, nil
		},
	})
	hurry()
	if err != nil {
		if c.socket != nil {
			c.abort()
		}
		if refusal, ok := errors.AsType[*amqp.Error](err); ok && refusal.Code == amqp.AccessRefused {
			err = fmt.Errorf("%w: %w", errCredentials, err)
		}
		return nil, fmt.Errorf("connect: %w", err)
	}
	go c.watchBlocked(c.amqp.NotifyBlocked(make(chan amqp.Blocking, 4)))
	return c, nil
}

func (c *connection) watchBlocked(changes <-chan amqp.Blocking) {
	defer close(c.drained)
	for change := range changes {
		c.blocked.Store(change.Active)
	}
}

// limit gives the connection up unless the returned function is called within d.
func (c *connection) limit(d time.Duration) (done func()) {
	timer := time.AfterFunc(d, c.abort)
	return func() { timer.Stop() }
}

// abort gives the connection up at once; everything that waits on it fails.
func (c *connection) abort() { _ = c.socket.Close() }

// close says good-bye, or gives up after a second. The library's own deadline for it is moved on by each heartbeat that
// arrives, and a broker that blocks publishers sends those and reads no good-bye.
func (c *connection) close() {
	done := c.limit(time.Second)
	_ = c.amqp.Close()
	done()
	c.abort()
	<-c.drained
}

// boundedWrites keeps a frozen broker from blocking writers once the socket's buffers are full.
type boundedWrites struct{ net.Conn }

func (w boundedWrites) Write(b []byte) (int, error) {
	if err := w.SetWriteDeadline(time.Now().Add(callTimeout)); err != nil {
		return 0, err
	}
	return w.Conn.Write(b)
}

// backoff doubles from 100 ms to 5 s, with jitter, so that replicas do not come back in step.
type backoff struct{ failures int }

// wait returns false when ctx or until ended first.
func (b *backoff) wait(ctx context.Context, until <-chan *amqp.Error) bool {
	pause := min(100*time.Millisecond<<min(b.failures, 6), 5*time.Second)
	b.failures++
	timer := time.NewTimer(pause*3/4 + rand.N(pause/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-until: //nolint:errcheck // that it ended is enough here; why is said elsewhere
		return false
	case <-timer.C:
		return true
	}
}

func (b *backoff) reset() { b.failures = 0 }
