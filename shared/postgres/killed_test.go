package postgres_test

import (
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/shared/fault"
	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
	"marketplace/shared/testkit/servers"
)

// A server that was killed says nothing; the driver meets an unexpected end. Taken for a data error it would park every
// message in flight.
func TestTranslate_P15_AKilledServerIsTransient(t *testing.T) {
	t.Parallel()
	server := servers.Postgres(t)
	pool := openPool(t, server.URL, 1)
	queue := func(b *pgx.Batch) { b.Queue("select 1") }
	for name, use := range map[string]func() error{
		"statement": func() error {
			_, err := pool.Exec(t.Context(), "select 1")
			return postgres.Translate(err)
		},
		"batches": func() error {
			return postgres.InBatches(t.Context(), pool, queue, func(b *pgx.Batch) error { queue(b); return nil })
		},
		"transaction": func() error {
			return postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error { return tx.Conn().Ping(t.Context()) })
		},
	} {
		require.NoError(t, use(), name)
		server.Kill(t)
		err := use()
		require.Error(t, err, name)
		require.True(t, fault.Transient(err), "%s: %v", name, err)
		server.Start(t)
		testkit.Eventually(t, time.Minute, use, name)
	}
}

func TestTranslate_DataThatEndsUnexpectedlyIsNoKilledServer(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 1)
	broken := fmt.Errorf("decode the row: %w", io.ErrUnexpectedEOF)
	err := postgres.InBatches(t.Context(), pool,
		func(b *pgx.Batch) { b.Queue("select 1").QueryRow(func(pgx.Row) error { return broken }) },
		func(*pgx.Batch) error { return nil })
	require.ErrorIs(t, err, broken)
	require.False(t, fault.Transient(err))
	err = postgres.InTx(t.Context(), pool, func(pgx.Tx) error { return broken })
	require.Equal(t, broken, err)
}
