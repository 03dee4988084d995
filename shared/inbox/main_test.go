package inbox_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/inbox"
	"marketplace/shared/postgres"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

// buildDir holds the program that crash tests kill.
var buildDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "inbox")
	if err != nil {
		panic(err)
	}
	buildDir = dir
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

const queue = "shop.events.v1"

// effects has no key: a second effect of a message would be seen.
var migrations = fstest.MapFS{"0001_inbox.up.sql": {Data: []byte(strings.Join(inbox.Schema, "") + `
create table effects (message_id uuid not null, body bytea not null);`)}}

func database(t *testing.T) testkit.DB {
	t.Helper()
	return testkit.Database(t, "shop", migrations)
}

var errPoison = errors.New("poison")

// work is a service's handler in small: one transaction, the inbox and the effects together.
type work struct {
	pool *pgxpool.Pool

	mu     sync.Mutex
	tries  map[string]int
	before func(batch []rabbit.Message) error // may be nil
}

func newWork(pool *pgxpool.Pool) *work { return &work{pool: pool, tries: map[string]int{}} }

func (w *work) handle(ctx context.Context, batch []rabbit.Message) error {
	w.mu.Lock()
	before := w.before
	for _, m := range batch {
		w.tries[m.ID]++
	}
	w.mu.Unlock()
	if before != nil {
		if err := before(batch); err != nil {
			return err
		}
	}
	ids := make([]string, len(batch))
	for i, m := range batch {
		ids[i] = m.ID
	}
	var fresh map[string]bool
	return postgres.InBatches(ctx, w.pool, func(b *pgx.Batch) {
		inbox.Accept(b, queue, ids, &fresh)
	}, func(b *pgx.Batch) error {
		done := map[string]bool{}
		for _, m := range batch {
			if string(m.Body) == "poison" {
				return errPoison
			}
			if fresh[m.ID] && !done[m.ID] {
				done[m.ID] = true
				b.Queue(`insert into effects (message_id, body) values ($1, $2)`, m.ID, m.Body)
			}
		}
		return nil
	})
}

func (w *work) set(before func([]rabbit.Message) error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.before = before
}

func (w *work) tried(id string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tries[id]
}

func operator(db testkit.DB) inbox.Parked { return inbox.Parked{Pool: db.Pool, Consumer: queue} }

const attempts = 4

func consumer(pool *pgxpool.Pool, w *work, more ...string) *inbox.Consumer {
	return inbox.NewConsumer(inbox.Options{
		Pool: pool, Queue: queue,
		Known:       func(eventType string) bool { return eventType == "thing.made" || slices.Contains(more, eventType) },
		Handle:      w.handle,
		MaxAttempts: attempts,
		Backoff:     func(int) time.Duration { return 10 * time.Millisecond },
		Telemetry:   telemetry.Nop(),
	})
}

func run(t *testing.T, f func(ctx context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

func message(body string) rabbit.Message {
	return rabbit.Message{
		ID: uuid.Must(uuid.NewV7()).String(), Type: "thing.made", Source: "shop-service", Subject: "thing-1",
		Time: time.Now().UTC(), Headers: map[string]string{}, Body: []byte(body),
	}
}

func messages(bodies ...string) []rabbit.Message {
	list := make([]rabbit.Message, len(bodies))
	for i, body := range bodies {
		list[i] = message(body)
	}
	return list
}

func redelivered(list []rabbit.Message) []rabbit.Message {
	list = slices.Clone(list)
	for i := range list {
		list[i].Redelivered = true
	}
	return list
}

func count(t *testing.T, pool *pgxpool.Pool, query string, args ...any) int {
	t.Helper()
	var n int
	require.NoError(t, pool.QueryRow(context.Background(), query, args...).Scan(&n))
	return n
}

type parkedRow struct {
	Status, Reason string
	Attempts       int
}

func parked(t *testing.T, pool *pgxpool.Pool, id string) parkedRow {
	t.Helper()
	rows, err := pool.Query(context.Background(), `select status, reason, attempts from parked where consumer = $1 and message_id = $2`, queue, id)
	require.NoError(t, err)
	row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[parkedRow])
	require.NoError(t, err)
	return row
}

func awaitStatus(t *testing.T, pool *pgxpool.Pool, id, status string) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() bool {
		return count(t, pool, `select count(*) from parked where message_id = $1 and status = $2`, id, status) == 1
	}, "parked message to become "+status)
}

func awaitNoneWaiting(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() bool {
		return count(t, pool, `select count(*) from parked where status = 'waiting'`) == 0
	})
}
