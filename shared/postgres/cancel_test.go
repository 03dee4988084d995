package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/shared/fault"
	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
	"marketplace/shared/testkit/servers"
)

// A storm of requests that are cancelled in flight, single statements and transactions, opens no connection more than the pool has.
func TestOpen_CancelledRequestsCostNoConnection(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	pool := openPool(t, db.URL, 5)
	var mu sync.Mutex
	cancelled := 0
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%50)*time.Millisecond)
			defer cancel()
			var err error
			if i%2 == 0 {
				_, err = pool.Exec(ctx, "select pg_sleep(0.01)")
			} else {
				err = postgres.InBatches(ctx, pool, func(b *pgx.Batch) { b.Queue("select pg_sleep(0.01)") }, func(*pgx.Batch) error { return nil })
			}
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, context.DeadlineExceeded) {
				cancelled++
			}
		})
	}
	wg.Wait()
	require.Greater(t, cancelled, 500, "the test cancels too few")
	require.LessOrEqual(t, pool.Stat().NewConnsCount(), int64(5))
	require.Zero(t, pool.Stat().AcquiredConns())
	require.NoError(t, pool.Ping(t.Context()))
}

// The server ends a statement that takes long after its caller has gone, and the connection goes on.
func TestOpen_ALongStatementEndsAfterItsCaller(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	pool := openPool(t, db.URL, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := pool.Exec(ctx, "select pg_sleep(9)")
	require.ErrorIs(t, postgres.Translate(err), fault.New(fault.Unavailable, "database_busy", ""))
	require.NoError(t, pool.Ping(t.Context()))
	require.EqualValues(t, 1, pool.Stat().NewConnsCount())
}

// A server that is frozen answers nothing: the caller gets its own deadline's error, some seconds late.
func TestOpen_AFrozenServerHoldsNobody(t *testing.T) {
	t.Parallel()
	server := servers.Postgres(t)
	pool := openPool(t, server.URL, 1)
	require.NoError(t, pool.Ping(t.Context()))
	server.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := pool.Exec(ctx, "select 1")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	server.Thaw(t)
	testkit.Eventually(t, 30*time.Second, func() error { return pool.Ping(t.Context()) })
}
