package testkit_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
)

var migrations = fstest.MapFS{
	"0001_first.up.sql":   {Data: []byte("create table things (id int primary key); insert into things values (7)")},
	"0001_first.down.sql": {Data: []byte("drop table things")},
}

func TestDatabase_EachTestHasItsOwn(t *testing.T) {
	var dbs [4]testkit.DB
	t.Run("clones", func(t *testing.T) {
		var wg sync.WaitGroup
		for i := range dbs {
			wg.Go(func() { dbs[i] = testkit.Database(t, "testkit", migrations) })
		}
		wg.Wait()
		for _, db := range dbs {
			var count int
			require.NoError(t, db.Pool.QueryRow(t.Context(), "select count(*) from things").Scan(&count))
			require.Equal(t, 1, count)
			_, err := db.Pool.Exec(t.Context(), "delete from things")
			require.NoError(t, err)
		}
	})
	_, err := pgx.Connect(context.Background(), dbs[0].URL)
	require.ErrorContains(t, err, "does not exist", "dropped at the end")
}

func TestDatabase_OtherMigrationsAreAnotherTemplate(t *testing.T) {
	more := fstest.MapFS{"0002_second.up.sql": {Data: []byte("insert into things values (8)")}}
	for name, file := range migrations {
		more[name] = file
	}
	var count int
	db := testkit.Database(t, "testkit", more)
	require.NoError(t, db.Pool.QueryRow(t.Context(), "select count(*) from things").Scan(&count))
	require.Equal(t, 2, count)
}

func TestRedis_TwoLoansAreApart(t *testing.T) {
	one, two := client(t, testkit.Redis(t)), client(t, testkit.Redis(t))
	require.NoError(t, one.Set(t.Context(), "key", "one", 0).Err())
	require.ErrorIs(t, two.Get(t.Context(), "key").Err(), redis.Nil)
}

func client(t *testing.T, address string) *redis.Client {
	options, err := redis.ParseURL(address)
	require.NoError(t, err)
	require.NotZero(t, options.DB)
	c := redis.NewClient(options)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestVHost_IsNew(t *testing.T) {
	one, err := url.Parse(testkit.VHost(t))
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(one.Path, "/t_"))
	require.NotEqual(t, one.String(), testkit.VHost(t))
}

func TestEventually_PollsUntilItHolds(t *testing.T) {
	calls := 0
	testkit.Eventually(t, time.Minute, func() bool { calls++; return calls == 3 })
	require.Equal(t, 3, calls)
}

func TestEventually_FailsWithTheLastError(t *testing.T) {
	failed := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		testkit.Eventually(failed, 20*time.Millisecond, func() error { return context.Canceled })
	}()
	<-done
	require.Contains(t, failed.text, context.Canceled.Error())
}

// recorder is a test that is expected to fail.
type recorder struct {
	testing.TB
	text string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.text = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestFreePort_IsOneTestsUntilItEnds(t *testing.T) {
	given := map[int]bool{}
	name := func(port int) string { return fmt.Sprintf("@marketplace-test-port-%d", port) }
	t.Run("holds", func(t *testing.T) {
		for range 100 {
			port := testkit.FreePort(t)
			require.False(t, given[port], "given twice")
			require.Less(t, port, 32768, "not one that the system gives to connections")
			given[port] = true
			_, err := net.Listen("unix", name(port))
			require.Error(t, err, "another process could have it")
		}
	})
	for port := range given {
		listener, err := net.Listen("unix", name(port))
		require.NoError(t, err, "given back")
		require.NoError(t, listener.Close())
	}
}

func TestMigrationsHold_SeesACopyThatDrifted(t *testing.T) {
	const first, second = "create table things (id int primary key)", "alter table things add column name text"
	changed := fstest.MapFS{"0001_things.up.sql": {Data: []byte(first)}, "0002_names.up.sql": {Data: []byte(second)}}
	for name, c := range map[string]struct {
		steps []string
		holds bool
	}{
		"as it is":          {[]string{first, second}, true},
		"another type":      {[]string{"create table things (id bigint primary key)"}, false},
		"empty":             {[]string{""}, false},
		"a step is missing": {[]string{first, second, "drop table things"}, false},
		"in another order":  {[]string{second, first}, false},
	} {
		seen := &complaints{TB: t}
		testkit.MigrationsHold(seen, changed, map[string][]string{"things": c.steps})
		require.Equal(t, c.holds, seen.count == 0, name)
	}
}

// complaints counts the errors that a helper reports, instead of failing the test.
type complaints struct {
	testing.TB
	count int
}

func (c *complaints) Errorf(string, ...any) { c.count++ }
