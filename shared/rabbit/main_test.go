package rabbit_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const queue = "shop.events.v1"

func topology() rabbit.Topology {
	return rabbit.Topology{Exchange: "shop.events", Queues: map[string][]string{
		queue:             {"thing.made", "thing.sold"},
		"other.events.v1": {"thing.sold"},
	}}
}

// start runs a session until the test ends.
func start(t *testing.T, url string, tel *telemetry.Telemetry) *rabbit.Session {
	t.Helper()
	s := rabbit.NewSession(url, "test", topology(), tel)
	background(t, func(ctx context.Context) error { return s.Run(ctx) })
	return s
}

// background runs f until the test ends, and fails the test with f's error.
func background(t *testing.T, f func(ctx context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(20 * time.Second):
			t.Error("did not stop")
		}
	})
	t.Cleanup(stop)
	return stop
}

func message(eventType string) rabbit.Message {
	id := uuid.Must(uuid.NewV7()).String()
	return rabbit.Message{
		ID: id, Type: eventType, Source: "test-service", Subject: "thing-1",
		Time: time.Now().UTC().Truncate(time.Microsecond), Body: []byte("body of " + id),
	}
}

func messages(n int, eventType string) []rabbit.Message {
	list := make([]rabbit.Message, n)
	for i := range list {
		list[i] = message(eventType)
	}
	return list
}

func requireAll(t *testing.T, results []error) {
	t.Helper()
	for i, err := range results {
		require.NoError(t, err, fmt.Sprintf("message %d", i))
	}
}

// inbox counts what arrived, by message id.
type inbox struct {
	mu      sync.Mutex
	count   map[string]int
	batches []int
	last    rabbit.Message

	redelivered bool // any of them
}

func newInbox() *inbox { return &inbox{count: map[string]int{}} }

func (b *inbox) take(_ context.Context, batch []rabbit.Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.batches = append(b.batches, len(batch))
	for _, m := range batch {
		b.count[m.ID]++
		b.last = m
		b.redelivered = b.redelivered || m.Redelivered
	}
	return nil
}

// missing counts the messages that have not arrived.
func (b *inbox) missing(list []rabbit.Message) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, m := range list {
		if b.count[m.ID] == 0 {
			n++
		}
	}
	return n
}

func (b *inbox) awaitAll(t *testing.T, list []rabbit.Message) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error {
		if n := b.missing(list); n > 0 {
			return fmt.Errorf("%d of %d messages have not arrived", n, len(list))
		}
		return nil
	})
}

// channel opens a plain channel, for what only a test does to a broker.
func channel(t *testing.T, url string) *amqp.Channel {
	t.Helper()
	conn, err := amqp.Dial(url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	ch, err := conn.Channel()
	require.NoError(t, err)
	return ch
}
