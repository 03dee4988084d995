package idempotency_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/fault"
	"marketplace/shared/idempotency"
	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const schema = "idem"

var (
	migrations = fstest.MapFS{"0001_first.up.sql": {Data: []byte(idempotency.Schema + "; create table effects (id bigserial, body text)")}}
	first      = idempotency.Reply{
		Status: http.StatusCreated,
		Header: map[string]string{"ETag": `"1"`, "Location": "/orders/1"},
		Body:   []byte("{\"id\":  1}\n"),
	}
)

func newKey(user, route, key string, body []byte) idempotency.Key {
	return idempotency.Key{User: user, Route: route, Key: key, Fingerprint: sha256.Sum256(body)}
}

func key(name string) idempotency.Key {
	return newKey("alice", "POST /orders", name, []byte(`{"n":1}`))
}

// do runs an effect that leaves one row, and returns what Do returns.
func do(ctx context.Context, pool *pgxpool.Pool, k idempotency.Key, reply idempotency.Reply) (idempotency.Reply, error) {
	return idempotency.Do(ctx, pool, k, func() (idempotency.Reply, error) {
		return reply, postgres.InBatches(ctx, pool, nil, effect(k, reply))
	})
}

func effect(k idempotency.Key, reply idempotency.Reply) func(*pgx.Batch) error {
	return func(b *pgx.Batch) error {
		idempotency.Claim(b, k)
		b.Queue("insert into effects (body) values ($1)", string(reply.Body))
		idempotency.Save(b, k, reply)
		return nil
	}
}

func effects(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), "select count(*) from effects").Scan(&n))
	return n
}

func TestDo_P19_TheSameRequestGetsTheFirstReply(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	reply, err := do(t.Context(), db.Pool, key("k"), first)
	require.NoError(t, err)
	require.Equal(t, first, reply)

	reply, err = do(t.Context(), db.Pool, key("k"), idempotency.Reply{Status: http.StatusTeapot, Body: []byte("second")})
	require.NoError(t, err)
	require.Equal(t, first, reply, "byte for byte, headers included")
	require.Equal(t, 1, effects(t, db.Pool))
}

func TestDo_P20_AnotherBodyIsRefused(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	_, err := do(t.Context(), db.Pool, key("k"), first)
	require.NoError(t, err)
	other := newKey("alice", "POST /orders", "k", []byte(`{"n": 1}`))
	_, err = do(t.Context(), db.Pool, other, first)
	require.Equal(t, "idempotency_key_reused", fault.Of(err).Code)
	require.Equal(t, fault.Invalid, fault.Of(err).Kind)
	require.Equal(t, 1, effects(t, db.Pool))
}

func TestDo_P21_ABusyKeyIsAConflictUntilItsHolderEnds(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	holder, err := pgx.ConnectConfig(t.Context(), db.Pool.Config().ConnConfig)
	require.NoError(t, err)
	b := new(pgx.Batch)
	b.Queue("begin")
	require.NoError(t, effect(key("k"), first)(b))
	require.NoError(t, holder.SendBatch(t.Context(), b).Close())

	_, err = do(t.Context(), db.Pool, key("k"), first)
	busy := fault.Of(err)
	require.Equal(t, "request_in_progress", busy.Code)
	require.Equal(t, fault.Conflict, busy.Kind)
	require.Positive(t, busy.RetryAfter)
	_, err = do(t.Context(), db.Pool, key("another"), first)
	require.NoError(t, err, "only its own key is busy")

	require.NoError(t, holder.PgConn().Conn().Close(), "the holder crashes")
	testkit.Eventually(t, time.Minute, func() error {
		_, err := do(t.Context(), db.Pool, key("k"), first)
		return err
	})
	require.Equal(t, 2, effects(t, db.Pool), "nothing of the crashed holder is left")
}

func TestDo_P21_TwentyAtOnceHaveOneEffect(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	var busy, done atomic.Int32
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			switch reply, err := do(t.Context(), db.Pool, key("k"), first); {
			case err == nil && reply.Status == first.Status:
				done.Add(1)
			case errors.Is(err, fault.New(fault.Conflict, "request_in_progress", "")):
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, effects(t, db.Pool))
	require.Positive(t, done.Load())
	require.EqualValues(t, 20, done.Load()+busy.Load())
}

func TestDo_P22_KeysAreScopedToUserAndRoute(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	for i, k := range []idempotency.Key{
		newKey("alice", "POST /orders", "k", nil),
		newKey("bob", "POST /orders", "k", nil),
		newKey("alice", "POST /orders/1/cancel", "k", nil),
	} {
		reply := idempotency.Reply{Status: 200 + i, Body: []byte{'0' + byte(i)}}
		got, err := do(t.Context(), db.Pool, k, reply)
		require.NoError(t, err)
		require.Equal(t, reply, got)
	}
	require.Equal(t, 3, effects(t, db.Pool))
}

func TestDo_AFailureIsNotKept(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	refused := fault.New(fault.Invalid, "sold_out", "")
	_, err := idempotency.Do(t.Context(), db.Pool, key("k"), func() (idempotency.Reply, error) { return idempotency.Reply{}, refused })
	require.Equal(t, refused, err)
	_, err = do(t.Context(), db.Pool, key("k"), first)
	require.NoError(t, err)
}

func TestDo_FinishedMeanwhileGetsTheFirstReply(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	reply, err := idempotency.Do(t.Context(), db.Pool, key("k"), func() (idempotency.Reply, error) {
		_, err := do(t.Context(), db.Pool, key("k"), first) // another replica, after our Lookup
		require.NoError(t, err)
		second := idempotency.Reply{Status: http.StatusTeapot}
		return second, postgres.InBatches(t.Context(), db.Pool, nil, effect(key("k"), second))
	})
	require.NoError(t, err)
	require.Equal(t, first, reply)
	require.Equal(t, 1, effects(t, db.Pool))
}

func TestDo_P19_ATwinThatFinishedFirstIsNoRefusal(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	reply, err := idempotency.Do(t.Context(), db.Pool, key("k"), func() (idempotency.Reply, error) {
		_, err := do(t.Context(), db.Pool, key("k"), first) // after our Lookup
		require.NoError(t, err)
		return idempotency.Reply{}, fault.New(fault.Conflict, "code_taken", "By our twin.")
	})
	require.NoError(t, err)
	require.Equal(t, first, reply)

	other := newKey("alice", "POST /orders", "l", []byte("another body"))
	_, err = idempotency.Do(t.Context(), db.Pool, other, func() (idempotency.Reply, error) {
		_, err := do(t.Context(), db.Pool, key("l"), first)
		require.NoError(t, err)
		return idempotency.Reply{}, fault.New(fault.Conflict, "code_taken", "By our twin.")
	})
	require.Equal(t, "idempotency_key_reused", fault.Of(err).Code)
}

func TestDo_P18_AnUnknownCommitIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, deliver := range map[string]bool{"it arrived": true, "it was lost": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testkit.Database(t, schema, migrations)
			proxy := testkit.NewCutter(t, db.URL)
			pool, err := postgres.Open(t.Context(), postgres.Config{URL: proxy.URL, Schema: schema, MaxConns: 1})
			require.NoError(t, err)
			t.Cleanup(pool.Close)

			proxy.Arm(deliver)
			reply, err := do(t.Context(), pool, key("k"), first)
			if deliver {
				require.NoError(t, err)
				require.Equal(t, first, reply)
			} else {
				require.ErrorIs(t, err, postgres.ErrCommitUnknown)
				reply, err = do(t.Context(), pool, key("k"), first)
				require.NoError(t, err)
				require.Equal(t, first, reply)
			}
			require.Equal(t, 1, effects(t, db.Pool))
		})
	}
}

func TestAnswer_IsStoredOnlyWithAKey(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	for _, name := range []string{"", "k"} {
		for range 2 {
			answer := idempotency.Answer[string]{Key: key(name), Render: func(effect string) (idempotency.Reply, error) {
				return idempotency.Reply{Status: http.StatusOK, Body: []byte(effect)}, nil
			}}
			reply, err := idempotency.Do(t.Context(), db.Pool, answer.Key, func() (reply idempotency.Reply, err error) {
				err = postgres.InBatches(t.Context(), db.Pool, nil, func(b *pgx.Batch) error {
					answer.Claim(b)
					b.Queue("insert into effects (body) values ('done')")
					reply, err = answer.Save(b, "done")
					return err
				})
				return reply, err
			})
			require.NoError(t, err)
			require.Equal(t, "done", string(reply.Body))
		}
	}
	require.Equal(t, 3, effects(t, db.Pool), "twice without a key, once with one")
}

func TestRun_DeletesOldRecords(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	_, err := db.Pool.Exec(t.Context(), `insert into idempotency_keys
		select 'u', 'r', n::text, '', 200, '{}', '', now() - n * interval '1 minute' from generate_series(1, 3000) n`)
	require.NoError(t, err)
	config, untimed := db.Pool.Config(), new(untimed)
	config.ConnConfig.Tracer = untimed
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error)
	go func() { stopped <- idempotency.Run(ctx, pool, zerolog.Nop()) }()
	testkit.Eventually(t, time.Minute, func() bool {
		var left, old int
		err := db.Pool.QueryRow(t.Context(), `select count(*), count(*) filter (where created_at < now() - interval '24 hours')
			from idempotency_keys`).Scan(&left, &old)
		return err == nil && old == 0 && left > 1400
	})
	cancel()
	require.NoError(t, <-stopped)
	require.Zero(t, untimed.Load(), "statements that would wait for ever")
}

// Records of many days, and of what is deleted all entries stay in the index under a long snapshot.
func TestPlans_ALookUpAndAChunkDoNotDependOnHowMuchThereIs(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	testkit.Fill(t, db.Pool, `insert into idempotency_keys
		select 'user' || n % 1000, 'POST /orders', n::text, '', 200, '{}', '', now() - interval '25 hours' + n * interval '50 ms' from generate_series(1, 200000) n`,
		`analyze idempotency_keys`)
	testkit.Snapshot(t, db.Pool)
	require.Less(t, testkit.Buffers(t, db.Pool, idempotency.LookupRow, "user7", "POST /orders", "100007"), 10)
	var beginning time.Time
	first := testkit.Buffers(t, db.Pool, idempotency.Expired, idempotency.Kept, beginning)
	last := beginning
	for range 20 {
		require.NoError(t, db.Pool.QueryRow(t.Context(), idempotency.Expired, idempotency.Kept, last).Scan(&last))
	}
	later := testkit.Buffers(t, db.Pool, idempotency.Expired, idempotency.Kept, last)
	again := testkit.Buffers(t, db.Pool, idempotency.Expired, idempotency.Kept, beginning)
	t.Logf("a chunk touches %d pages, the twenty-first %d, and %d if it begins where the first did", first, later, again)
	require.Less(t, later, first+100)
	require.Greater(t, again, first+100, "the test can fail")
}

// untimed counts statements without a deadline.
type untimed struct{ atomic.Int32 }

func (u *untimed) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if _, timed := ctx.Deadline(); !timed {
		u.Add(1)
	}
	return ctx
}

func (*untimed) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
