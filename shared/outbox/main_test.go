package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/outbox"
	"marketplace/shared/postgres"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var migrations = fstest.MapFS{"0001_outbox.up.sql": {Data: []byte(outbox.Schema)}}

func database(t *testing.T) testkit.DB {
	t.Helper()
	return testkit.Database(t, "shop", migrations)
}

// commit writes records in a transaction of their own.
func commit(t *testing.T, pool *pgxpool.Pool, n int) []outbox.Record {
	t.Helper()
	records := make([]outbox.Record, n)
	for i := range records {
		records[i] = outbox.NewRecord(t.Context(), "thing.made", fmt.Sprint("thing-", i), []byte("body"))
	}
	require.NoError(t, postgres.InBatches(t.Context(), pool, nil, func(b *pgx.Batch) error {
		outbox.Append(b, records)
		return nil
	}))
	return records
}

// due lets the sweep take what is unsent now.
func due(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `update outbox set retry_at = now() - interval '1 ms' where sent_at is null`)
	require.NoError(t, err)
}

func unsent(t *testing.T, pool *pgxpool.Pool) int {
	t.Helper()
	var n int
	require.NoError(t, pool.QueryRow(context.Background(), `select count(*) from outbox where sent_at is null`).Scan(&n))
	return n
}

func awaitSent(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error {
		if n := unsent(t, pool); n > 0 {
			return fmt.Errorf("%d events are not sent", n)
		}
		return nil
	})
}

// run runs a publisher until the test ends or stop is called.
func run(t *testing.T, p *outbox.Publisher) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

// broker is a broker that counts, and can be away or refuse.
type broker struct {
	mu      sync.Mutex
	got     map[string]int
	away    bool
	refuse  bool
	refused int    // messages
	publish func() // called before each window
}

var _ outbox.Broker = (*broker)(nil)

func newBroker() *broker { return &broker{got: map[string]int{}} }

var errAway = errors.New("away")

func (b *broker) Healthy() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.away {
		return errAway
	}
	return nil
}

func (b *broker) Publish(_ context.Context, messages []rabbit.Message) []error {
	if b.publish != nil {
		b.publish()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	results := make([]error, len(messages))
	for i, m := range messages {
		if b.away || b.refuse {
			results[i] = errAway
			b.refused++
			continue
		}
		b.got[m.ID]++
	}
	return results
}

func (b *broker) set(away, refuse bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.away, b.refuse = away, refuse
}

func (b *broker) times(id string) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.got[id]
}

func (b *broker) refusals() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refused
}

func (b *broker) distinct() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.got)
}

func publisher(db testkit.DB, b outbox.Broker) *outbox.Publisher {
	return outbox.New(db.Pool, b, "shop-service", telemetry.Nop())
}
