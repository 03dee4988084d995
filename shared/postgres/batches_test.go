package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/shared/fault"
	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
)

const schema = "shop"

var migrations = fstest.MapFS{"0001_first.up.sql": {Data: []byte(`
	create table accounts (id int primary key, balance int not null, constraint solvent check (balance >= 0));
	create table notes (id int constraint one_note unique deferrable initially deferred);
	insert into accounts values (1, 100), (2, 100);
`)}}

var errDecision = errors.New("the domain refuses")

const (
	selectBalance = "select balance from accounts where id = $1 for no key update"
	withdraw      = "update accounts set balance = balance - $2 where id = $1"
)

func balance(t *testing.T, pool *pgxpool.Pool, id int) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), "select balance from accounts where id = $1", id).Scan(&n))
	return n
}

// requireClean asserts that no transaction is left open on the server.
func requireClean(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	testkit.Eventually(t, time.Minute, func() error {
		var open int
		err := pool.QueryRow(t.Context(), `select count(*) from pg_stat_activity where datname = current_database()
			and pid <> pg_backend_pid() and xact_start is not null`).Scan(&open)
		if err == nil && open > 0 {
			err = fmt.Errorf("%d open transactions", open)
		}
		return err
	})
}

func openPool(t *testing.T, url string, maxConns int32) *pgxpool.Pool {
	t.Helper()
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: url, Schema: schema, MaxConns: maxConns})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

func TestInBatches_ReadsDecidesAndWrites(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 1)
	var before int
	err := postgres.InBatches(t.Context(), pool,
		func(b *pgx.Batch) {
			b.Queue(selectBalance, 1).QueryRow(func(row pgx.Row) error { return row.Scan(&before) })
		},
		func(b *pgx.Batch) error {
			b.Queue(withdraw, 1, before/4)
			b.Queue(withdraw, 2, before/2)
			return nil
		})
	require.NoError(t, err)
	require.Equal(t, 75, balance(t, pool, 1))
	require.Equal(t, 50, balance(t, pool, 2))
}

func TestInBatches_WithoutReadsIsOneTransaction(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 1)
	err := postgres.InBatches(t.Context(), pool, nil, func(b *pgx.Batch) error {
		b.Queue(withdraw, 1, 10)
		b.Queue(withdraw, 2, 1000)
		return nil
	})
	require.True(t, postgres.Violates(err, "solvent"), "%v", err)
	require.Equal(t, 100, balance(t, pool, 1), "the first statement is undone too")
	requireClean(t, pool)
}

// Each failure must come back as what it is, change nothing and leave the pool's only connection usable.
func TestInBatches_AFailureChangesNothing(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 1)
	read := func(b *pgx.Batch) { b.Queue(selectBalance, 1) }
	take := func(b *pgx.Batch) { b.Queue(withdraw, 1, 10) }
	for _, c := range []struct {
		name  string
		read  func(*pgx.Batch)
		write func(*pgx.Batch) error
		check func(t *testing.T, err error)
	}{
		{
			"the decision", read,
			func(b *pgx.Batch) error { take(b); return errDecision },
			func(t *testing.T, err error) { require.Equal(t, errDecision, err) },
		},
		{
			"the decision without reads", nil,
			func(b *pgx.Batch) error { take(b); return errDecision },
			func(t *testing.T, err error) { require.Equal(t, errDecision, err) },
		},
		{
			"a callback of a read",
			func(b *pgx.Batch) {
				take(b)
				b.Queue(selectBalance, 1).QueryRow(func(pgx.Row) error { return errDecision })
			},
			func(*pgx.Batch) error { return errors.New("write must not run") },
			func(t *testing.T, err error) { require.ErrorIs(t, err, errDecision) },
		},
		{
			"a read that the server refuses",
			func(b *pgx.Batch) { take(b); b.Queue("select 1 / (balance - balance) from accounts") },
			func(*pgx.Batch) error { return errors.New("write must not run") },
			func(t *testing.T, err error) { require.ErrorContains(t, err, "division by zero") },
		},
		{
			"a write that the server refuses", read,
			func(b *pgx.Batch) error { take(b); b.Queue(withdraw, 2, 1000); return nil },
			func(t *testing.T, err error) { require.True(t, postgres.Violates(err, "solvent")) },
		},
		{
			"a constraint at COMMIT", read,
			func(b *pgx.Batch) error { take(b); b.Queue("insert into notes values (1), (1)"); return nil },
			func(t *testing.T, err error) {
				require.True(t, postgres.Violates(err, "one_note"))
				require.NotErrorIs(t, err, postgres.ErrCommitUnknown)
				require.Equal(t, fault.Conflict, fault.Of(err).Kind)
			},
		},
		{
			"an argument that does not fit", read,
			func(b *pgx.Batch) error { take(b); b.Queue(withdraw, "one", 1); return nil },
			func(t *testing.T, err error) {
				require.NotErrorIs(t, err, postgres.ErrCommitUnknown)
				require.False(t, fault.Transient(err), "%v", err)
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := postgres.InBatches(t.Context(), pool, c.read, c.write)
			require.Error(t, err)
			c.check(t, err)
			require.Equal(t, 100, balance(t, pool, 1))
			requireClean(t, pool)
		})
	}
	require.EqualValues(t, 1, pool.Stat().NewConnsCount(), "no failure cost the connection")
}

func TestInBatches_APanicLeavesNoTransaction(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 1)
	require.Panics(t, func() {
		_ = postgres.InBatches(t.Context(), pool,
			func(b *pgx.Batch) { b.Queue(withdraw, 1, 10) },
			func(*pgx.Batch) error { panic("in the domain") })
	})
	require.Equal(t, 100, balance(t, pool, 1))
	requireClean(t, pool)
}

func TestInBatches_ACancelledContextLeavesNoTransaction(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 1)
	nothing := func(*pgx.Batch) error { return nil }

	t.Run("before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		err := postgres.InBatches(ctx, pool, nil, func(b *pgx.Batch) error { b.Queue(withdraw, 1, 10); return nil })
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("while reading", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := postgres.InBatches(ctx, pool, func(b *pgx.Batch) { b.Queue("select pg_sleep(20)") }, nothing)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, postgres.ErrCommitUnknown)
	})
	t.Run("while deciding", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := postgres.InBatches(ctx, pool,
			func(b *pgx.Batch) { b.Queue(selectBalance, 1) },
			func(b *pgx.Batch) error { b.Queue(withdraw, 1, 10); cancel(); return nil })
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("while committing it is too late", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := postgres.InBatches(ctx, pool, nil, func(b *pgx.Batch) error {
			b.Queue("select pg_sleep(0.2)")
			b.Queue(withdraw, 2, 10)
			return nil
		})
		require.NoError(t, err)
	})
	require.Equal(t, 100, balance(t, pool, 1))
	require.Equal(t, 90, balance(t, pool, 2))
	requireClean(t, pool)
}

func TestInBatches_ADeadlockIsTransient(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 4)
	failures := make(chan error, 2)
	locked := make(chan struct{}, 2)
	both := func() { locked <- struct{}{} }
	for _, ids := range [][2]int{{1, 2}, {2, 1}} {
		go func() {
			failures <- postgres.InBatches(t.Context(), pool,
				func(b *pgx.Batch) { b.Queue(selectBalance, ids[0]) },
				func(b *pgx.Batch) error {
					both()
					testkit.Eventually(t, time.Minute, func() bool { return len(locked) == 2 })
					b.Queue(withdraw, ids[1], 1)
					return nil
				})
		}()
	}
	err := errors.Join(<-failures, <-failures)
	require.Error(t, err)
	require.True(t, fault.Transient(err))
	require.NotErrorIs(t, err, postgres.ErrCommitUnknown)
	requireClean(t, pool)
}

func TestCommit_P18_ACutConnectionIsUnknown(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		deliver bool
		left    int
	}{
		{"the COMMIT arrived", true, 90},
		{"the COMMIT was lost", false, 100},
	} {
		for door, run := range map[string]func(*pgxpool.Pool) error{
			"two trips": func(pool *pgxpool.Pool) error {
				return postgres.InBatches(t.Context(), pool,
					func(b *pgx.Batch) { b.Queue(selectBalance, 1) },
					func(b *pgx.Batch) error { b.Queue(withdraw, 1, 10); return nil })
			},
			"one trip": func(pool *pgxpool.Pool) error {
				return postgres.InBatches(t.Context(), pool, nil,
					func(b *pgx.Batch) error { b.Queue(withdraw, 1, 10); return nil })
			},
			"statements": func(pool *pgxpool.Pool) error {
				return postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
					_, err := tx.Exec(t.Context(), withdraw, 1, 10)
					return err
				})
			},
		} {
			t.Run(c.name+" with "+door, func(t *testing.T) {
				t.Parallel()
				db := testkit.Database(t, schema, migrations)
				proxy := testkit.NewCutter(t, db.URL)
				pool := openPool(t, proxy.URL, 2)
				proxy.Arm(c.deliver)
				err := run(pool)
				require.ErrorIs(t, err, postgres.ErrCommitUnknown)
				require.True(t, fault.Transient(err))
				requireClean(t, db.Pool)
				require.Equal(t, c.left, balance(t, db.Pool, 1))

				require.NoError(t, run(pool), "the pool goes on")
				require.Equal(t, c.left-10, balance(t, db.Pool, 1))
			})
		}
	}
}

func TestInBatches_P18_AConnectionLostBeforeCommitIsCertain(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	pool := openPool(t, db.URL, 1)
	var pid int
	err := postgres.InBatches(t.Context(), pool,
		func(b *pgx.Batch) {
			b.Queue(withdraw, 1, 10)
			b.Queue("select pg_backend_pid()").QueryRow(func(row pgx.Row) error { return row.Scan(&pid) })
			b.Queue("select pg_terminate_backend(pg_backend_pid())")
			b.Queue("select 1")
		},
		func(*pgx.Batch) error { return errors.New("write must not run") })
	require.NotErrorIs(t, err, postgres.ErrCommitUnknown)
	require.True(t, fault.Transient(err), "%v", err)
	require.Equal(t, 100, balance(t, pool, 1))
}

func TestInTx_AFailureChangesNothing(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 1)
	err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), withdraw, 1, 10)
		require.NoError(t, err)
		return errDecision
	})
	require.Equal(t, errDecision, err)
	err = postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "insert into notes values (1), (1)")
		return err
	})
	require.True(t, postgres.Violates(err, "one_note"))
	require.NotErrorIs(t, err, postgres.ErrCommitUnknown)
	require.Equal(t, 100, balance(t, pool, 1))
	requireClean(t, pool)
}

func TestInBatches_P18_AResultThatCannotBeReadIsNoFailure(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	err := postgres.InBatches(t.Context(), db.Pool, nil, func(b *pgx.Batch) error {
		b.Queue(withdraw+" returning 'no number'", 1, 10).QueryRow(func(row pgx.Row) error {
			var n int
			return row.Scan(&n)
		})
		return nil
	})
	require.ErrorIs(t, err, postgres.ErrCommitUnknown)
	require.Equal(t, 90, balance(t, db.Pool, 1), "it was committed all the same")
	requireClean(t, db.Pool)
}
