package postgres_test

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/shared/fault"
	"marketplace/shared/postgres"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

// slow would fail when run twice, and takes long enough for replicas to meet.
var slow = fstest.MapFS{
	"0001_first.up.sql":    {Data: []byte("create table runs (file int); select pg_sleep(0.2); insert into runs values (1)")},
	"0001_first.down.sql":  {Data: []byte("drop table runs")},
	"0002_second.up.sql":   {Data: []byte("select pg_sleep(0.2); insert into runs values (2); create table second ()")},
	"0002_second.down.sql": {Data: []byte("drop table second; delete from runs where file = 2")},
}

func runs(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), "select count(*) from replicas.runs").Scan(&n))
	return n
}

func TestMigrate_P53_FiveReplicasRunEachFileOnce(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "nothing", fstest.MapFS{"0001_none.up.sql": {Data: []byte("")}})
	config := postgres.Config{URL: db.URL, Schema: "replicas", MaxConns: 1}
	errs := make([]error, 5)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() { errs[i] = postgres.Migrate(t.Context(), config, slow) })
	}
	wg.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 2, runs(t, db.Pool))
}

func TestMigrate_P53_WaitsForItsTurnAndSaysSo(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "nothing", fstest.MapFS{"0001_none.up.sql": {Data: []byte("")}})
	other, err := pgx.Connect(t.Context(), db.URL)
	require.NoError(t, err)
	var locked bool
	require.NoError(t, other.QueryRow(t.Context(), postgres.TryMigrationLock, "replicas").Scan(&locked))
	require.True(t, locked)

	var log testkit.Log
	tel, err := telemetry.Setup(t.Context(), "replicas", telemetry.Options{Output: &log, LogLevel: "info"})
	require.NoError(t, err)
	config := postgres.Config{URL: db.URL, Schema: "replicas", Telemetry: tel}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- postgres.Migrate(ctx, config, slow) }()
	testkit.Eventually(t, time.Minute, func() bool { return strings.Contains(log.String(), "another process migrates") })
	stop()
	require.ErrorIs(t, <-ended, context.Canceled, "a signal ends the wait")

	go func() { ended <- postgres.Migrate(t.Context(), config, slow) }()
	testkit.Eventually(t, time.Minute, func() bool { return strings.Count(log.String(), "another process migrates") == 2 })
	require.NoError(t, other.Close(t.Context()))
	require.NoError(t, <-ended)
	require.Equal(t, 2, runs(t, db.Pool))
}

// Somebody reads a table for long. The migration that changes it does not wait in the queue, where everybody who came later would wait
// behind it, but comes back.
func TestMigrate_P53_ATableInUseStopsNobodyElse(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "nothing", fstest.MapFS{"0001_none.up.sql": {Data: []byte("")}})
	var log testkit.Log
	tel, err := telemetry.Setup(t.Context(), "replicas", telemetry.Options{Output: &log, LogLevel: "info"})
	require.NoError(t, err)
	config := postgres.Config{URL: db.URL, Schema: "replicas", Telemetry: tel}
	require.NoError(t, postgres.Migrate(t.Context(), config, fstest.MapFS{"0001_first.up.sql": slow["0001_first.up.sql"]}))

	reader, err := db.Pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = reader.Exec(t.Context(), "select from replicas.runs")
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() {
		ended <- postgres.Migrate(t.Context(), config, fstest.MapFS{
			"0001_first.up.sql":  slow["0001_first.up.sql"],
			"0002_second.up.sql": {Data: []byte("insert into runs values (2); alter table runs add column note text; insert into runs values (3)")},
		})
	}()
	testkit.Eventually(t, time.Minute, func() bool { return strings.Contains(log.String(), "other sessions hold") })
	require.Equal(t, 1, runs(t, db.Pool), "others read meanwhile")
	require.NoError(t, reader.Rollback(t.Context()))
	require.NoError(t, <-ended)
	require.Equal(t, 3, runs(t, db.Pool), "the file ran once, whole")
}

func TestMigrate_AFailingFileIsNamedAndStops(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "nothing", fstest.MapFS{"0001_none.up.sql": {Data: []byte("")}})
	config := postgres.Config{URL: db.URL, Schema: "replicas"}
	broken := fstest.MapFS{"0001_first.up.sql": slow["0001_first.up.sql"], "0002_bad.up.sql": {Data: []byte("create tabel x")}}
	require.ErrorContains(t, postgres.Migrate(t.Context(), config, broken), "tabel")

	require.ErrorContains(t, postgres.Migrate(t.Context(), config, slow), "Dirty database version 2")
	handled, err := postgres.MigrateCommand(t.Context(), []string{"migrate", "force", "1"}, config, slow)
	require.True(t, handled)
	require.NoError(t, err)
	require.NoError(t, postgres.Migrate(t.Context(), config, slow))
	require.Equal(t, 2, runs(t, db.Pool))
}

func TestMigrateCommand(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "nothing", fstest.MapFS{"0001_none.up.sql": {Data: []byte("")}})
	config := postgres.Config{URL: db.URL, Schema: "replicas"}
	migrate := func(args ...string) error {
		handled, err := postgres.MigrateCommand(t.Context(), append([]string{"migrate"}, args...), config, slow)
		require.True(t, handled)
		return err
	}
	require.NoError(t, migrate("status"))
	require.NoError(t, migrate("up"))
	require.Equal(t, 2, runs(t, db.Pool))
	require.NoError(t, migrate("status"))
	require.NoError(t, migrate("down"))
	require.Equal(t, 1, runs(t, db.Pool))
	for _, wrong := range [][]string{{}, {"sideways"}, {"force"}, {"force", "x"}} {
		require.ErrorContains(t, migrate(wrong...), "usage")
	}
	handled, err := postgres.MigrateCommand(t.Context(), []string{"health"}, config, slow)
	require.False(t, handled)
	require.NoError(t, err)
}

func TestOpen_WaitsForTheServer(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations)
	u, err := url.Parse(db.URL)
	require.NoError(t, err)
	proxy := testkit.NewCutter(t, db.URL)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	u.Host = listener.Addr().String()
	require.NoError(t, listener.Close())

	opened := make(chan error, 1)
	go func() {
		pool, err := postgres.Open(t.Context(), postgres.Config{URL: u.String(), Schema: schema, Telemetry: telemetry.Nop()})
		if err == nil {
			err = pool.Ping(t.Context())
			pool.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatal("opened without a server: ", err)
	case <-time.After(300 * time.Millisecond):
	}
	proxy.Listen(t, u.Host)
	require.NoError(t, <-opened)
}

func TestOpen_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := postgres.Open(ctx, postgres.Config{URL: "postgres://nobody@127.0.0.1:1/none", Schema: schema})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestOpen_ABadAddressFailsTheStartWithoutItsPassword(t *testing.T) {
	t.Parallel()
	config := postgres.Config{URL: "postgres://shop:hunter/2@host/shop", Schema: schema}
	_, err := postgres.Open(t.Context(), config)
	require.ErrorContains(t, err, "DATABASE_URL")
	require.NotContains(t, err.Error(), "hunter")
	err = postgres.Migrate(t.Context(), config, migrations)
	require.ErrorContains(t, err, "DATABASE_URL")
	require.NotContains(t, err.Error(), "hunter")
}

func TestOpen_SetsTheSession(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 3)
	for name, want := range map[string]string{
		"search_path": schema, "timezone": "UTC", "application_name": schema, "lock_timeout": "5s",
		"statement_timeout": "10s", "idle_in_transaction_session_timeout": "15s",
	} {
		var got string
		require.NoError(t, pool.QueryRow(t.Context(), "select current_setting($1)", name).Scan(&got))
		require.Equal(t, want, got, name)
	}
	require.EqualValues(t, 3, pool.Config().MaxConns)
}

func TestTranslate_SaysWhatACallerCanDo(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 1)
	for statement, want := range map[string]struct {
		kind      fault.Kind
		transient bool
	}{
		"insert into accounts values (1, 1)":                                 {fault.Conflict, false},
		"select 'x'::int":                                                    {fault.Invalid, false},
		"select 'urn:uuid:x'::uuid":                                          {fault.Invalid, false},
		"select 5000000000::int":                                             {fault.Invalid, false},
		"select 'yesteryear'::timestamptz":                                   {fault.Invalid, false},
		"select '2026-02-30'::timestamptz":                                   {fault.Invalid, false},
		"select 1 / 0":                                                       {fault.Internal, false},
		"selekt":                                                             {fault.Internal, false},
		"do $$ begin raise sqlstate '40001'; end $$":                         {fault.Unavailable, true},
		"do $$ begin raise sqlstate '57014'; end $$":                         {fault.Unavailable, true},
		"do $$ begin raise sqlstate '53300'; end $$":                         {fault.Unavailable, true},
		"do $$ begin perform convert_from('\\x00', 'utf8'); end $$":          {fault.Invalid, false},
		"do $$ begin perform pg_terminate_backend(pg_backend_pid()); end $$": {fault.Unavailable, true},
	} {
		_, err := pool.Exec(t.Context(), statement)
		require.Error(t, err)
		err = postgres.Translate(err)
		require.Equal(t, want.kind, fault.Of(err).Kind, statement)
		require.Equal(t, want.transient, fault.Transient(err), statement)
		require.Equal(t, err, postgres.Translate(err), "twice is once")
	}
	require.NoError(t, postgres.Translate(nil))
	require.ErrorIs(t, postgres.Translate(fs.ErrExist), fs.ErrExist)
}

// The error is logged: it says what happened where, and nothing that a client sent.
func TestTranslate_ARefusedValueIsKnownAndNotRepeated(t *testing.T) {
	t.Parallel()
	pool := openPool(t, testkit.Database(t, schema, migrations).URL, 1)
	for statement, text := range map[string]string{
		`select '5000000000'::int`:              `value … is out of range for type integer in pg_strtoint32\w* \(SQLSTATE 22003\)`,
		`select 2147483647 + 1`:                 `integer out of range in int4pl \(SQLSTATE 22003\)`,
		`select 'a "secret" of Ann'::uuid`:      `invalid input syntax for type uuid: … in string_to_uuid \(SQLSTATE 22P02\)`,
		`select convert_from('\xe2fe', 'utf8')`: `invalid byte sequence for encoding …: … in report_invalid_encoding\w* \(SQLSTATE 22021\)`,
	} {
		_, err := pool.Exec(t.Context(), statement)
		err = postgres.Translate(fmt.Errorf("counting: %w", err))
		require.Equal(t, fault.Invalid, fault.Of(err).Kind, statement)
		require.True(t, fault.DataException(err), statement)
		require.Regexp(t, ": counting: ERROR: "+text+"$", err.Error())
	}
	_, err := pool.Exec(t.Context(), "insert into accounts values (1, 1)")
	require.False(t, fault.DataException(postgres.Translate(err)))
}
