package testkit

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Snapshot holds a snapshot open until the test ends, as a long report or a backup does: until then PostgreSQL keeps what is updated
// and deleted, and every statement that meets it walks over it.
func Snapshot(t testing.TB, pool *pgxpool.Pool) {
	t.Helper()
	ctx := context.Background() // the test's own has ended when it is rolled back
	tx, err := pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tx.Rollback(ctx) })
	for _, statement := range []string{"set local idle_in_transaction_session_timeout = 0", "select count(*) from pg_class"} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			t.Fatal(err)
		}
	}
}

// Buffers runs a statement, undoes it, and returns how many pages it touched: a measure that is the same on a busy machine.
func Buffers(t testing.TB, pool *pgxpool.Pool, sql string, args ...any) int {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	var plans []struct {
		Plan struct {
			Hit  int `json:"Shared Hit Blocks"`
			Read int `json:"Shared Read Blocks"`
		}
	}
	if err := tx.QueryRow(t.Context(), "explain (analyze, buffers, format json) "+sql, args...).Scan(&plans); err != nil {
		t.Fatalf("explain %s: %v", sql, err)
	}
	return plans[0].Plan.Hit + plans[0].Plan.Read
}
