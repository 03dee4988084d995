package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Close returns a function that closes the pool, or gives up when its context ends: the pool waits for every connection that
// is still in use, and whoever uses one may hang.
func Close(pool *pgxpool.Pool) func(context.Context) error {
	return func(ctx context.Context) error {
		closed := make(chan struct{})
		go func() {
			pool.Close()
			close(closed)
		}()
		select {
		case <-closed:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("close the pool: %d connections in use: %w", pool.Stat().AcquiredConns(), ctx.Err())
		}
	}
}

// acquireTimeout is how long Ping waits for a connection.
const acquireTimeout = 500 * time.Millisecond

// Ping returns a function that says whether the database answers, for health. A pool whose connections are all at work is
// busy, and a database that is busy is not away.
func Ping(pool *pgxpool.Pool) func(context.Context) error {
	return func(ctx context.Context) error {
		short, cancel := context.WithTimeout(ctx, acquireTimeout)
		conn, err := pool.Acquire(short)
		cancel()
		if s := pool.Stat(); errors.Is(err, context.DeadlineExceeded) && s.AcquiredConns() == s.MaxConns() {
			return nil
		}
		if err != nil {
			return err
		}
		defer conn.Release()
		return conn.Ping(ctx)
	}
}

// Clock queues a question for the database's time, which now gets in UTC. Queued behind locks it is the time at which all of
// them are held, so that it agrees with the order of the changes.
func Clock(b *pgx.Batch, now *time.Time) {
	b.Queue("select clock_timestamp()").QueryRow(func(row pgx.Row) error {
		err := row.Scan(now)
		*now = now.UTC()
		return err
	})
}
