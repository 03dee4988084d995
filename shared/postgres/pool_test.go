package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
	"marketplace/shared/testkit/servers"
)

func TestClose_P47_HonoursItsDeadline(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	pool := openPool(t, db.URL, 1)
	held, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, postgres.Close(pool)(ctx), context.DeadlineExceeded)
	held.Release()
	require.NoError(t, postgres.Close(pool)(t.Context()))
}

func TestPing_P49_ABusyPoolIsNotADatabaseThatIsAway(t *testing.T) {
	t.Parallel()
	server := servers.Postgres(t)
	pool := openPool(t, server.URL, 1)
	ping := func() error {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		return postgres.Ping(pool)(ctx)
	}
	require.NoError(t, ping())
	held, err := pool.Acquire(t.Context())
	require.NoError(t, err)
	require.NoError(t, ping(), "busy")
	held.Release()
	server.Kill(t)
	require.Error(t, ping(), "away")
}

func TestClock_IsTheDatabasesInUTC(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	var now time.Time
	require.NoError(t, postgres.InBatches(t.Context(), db.Pool, func(b *pgx.Batch) { postgres.Clock(b, &now) }, func(*pgx.Batch) error { return nil }))
	require.WithinDuration(t, time.Now(), now, time.Minute)
	require.Equal(t, time.UTC, now.Location())
}
