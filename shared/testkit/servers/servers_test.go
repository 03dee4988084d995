package servers_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit/servers"
)

func TestPostgres_KeepsItsDataOverAKill(t *testing.T) {
	t.Parallel()
	s := servers.Postgres(t)
	connect := func() *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), s.URL)
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		return conn
	}
	conn := connect()
	_, err := conn.Exec(t.Context(), "create table kept as select 7 as n")
	require.NoError(t, err)
	s.Kill(t)
	require.Error(t, conn.Ping(t.Context()))
	s.Start(t)
	var n int
	require.NoError(t, connect().QueryRow(t.Context(), "select n from kept").Scan(&n))
	require.Equal(t, 7, n)
}

func TestRedis_FreezesAndThaws(t *testing.T) {
	t.Parallel()
	s := servers.Redis(t)
	options, err := redis.ParseURL(s.URL)
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	require.NoError(t, client.Ping(t.Context()).Err())

	s.Freeze(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.Error(t, client.Ping(ctx).Err())
	s.Thaw(t)
	require.NoError(t, client.Ping(t.Context()).Err())
}

func TestRabbit_ComesBackAtItsAddress(t *testing.T) {
	t.Parallel()
	s := servers.Rabbit(t)
	for _, end := range []func(testing.TB){s.Kill, s.Stop} {
		conn, err := amqp.Dial(s.URL)
		require.NoError(t, err)
		end(t)
		_ = conn.Close()
		s.Start(t)
	}
}
