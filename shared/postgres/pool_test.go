package postgres_test

import (
	"context"
	"strings"
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

// A connection keeps the plans that it made while a table was empty. Nobody tells the server's statistics of the rows since.
func TestOpen_APlanOfAnEmptyTableDoesNotReadTheWholeTableLater(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	conn, err := openPool(t, db.URL, 1).Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	run := func(statement string) {
		t.Helper()
		_, err := conn.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol)
		require.NoError(t, err, statement)
	}
	statements := map[string]string{
		"read":  "select note from things where id = any ($1)",
		"write": "update things set note = 'new' from unnest($1) as n (id) where things.id = n.id",
	}
	// Wide rows, of which few are in an empty table by the server's guess of ten pages.
	run("create table things (id bigint primary key, note text not null, a uuid[], b uuid[], c uuid[], d uuid[], e uuid[], f uuid[], g uuid[])")
	run("alter table things set (autovacuum_enabled = off)")
	for name, statement := range statements {
		run("prepare " + name + " (bigint[]) as " + statement)
		for range 6 { // from the sixth time on the server keeps one plan for all values
			run("execute " + name + " ('{1,2,3}')")
		}
	}
	run("insert into things (id, note) select n, 'old' from generate_series(1, 50000) as n")
	for name := range statements {
		rows, err := conn.Query(t.Context(), "explain execute "+name+" ('{1,2,3}')", pgx.QueryExecModeSimpleProtocol)
		require.NoError(t, err)
		plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		require.NotContains(t, strings.Join(plan, "\n"), "Seq Scan", name)
	}
}
