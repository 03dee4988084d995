package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"marketplace/shared/telemetry"
)

// Config says which database, and how to use it.
type Config struct {
	URL       string
	Schema    string               // the one schema that statements see; also the application name
	MaxConns  int32                // 0: the driver's default, at least 4
	Telemetry *telemetry.Telemetry // nil: what it waits for goes to stderr, for an operator's command
}

func (c Config) log() zerolog.Logger {
	if c.Telemetry == nil {
		return zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, NoColor: true}).Level(zerolog.InfoLevel).With().Timestamp().Logger()
	}
	return c.Telemetry.Log
}

// errURL keeps the cause to itself: the driver hides the password in it as well as it can, which is no guarantee.
var errURL = errors.New("database url: DATABASE_URL is no PostgreSQL URL such as postgres://user:password@host:5432/database")

// Limits that hold for every statement of a service. Of these migrations have only a lock_timeout, a shorter one.
const (
	statementTimeout = "10s"
	lockTimeout      = "5s"
	// A transaction that waits for us this long belongs to a frozen process; the server ends it and frees its locks.
	idleInTransactionTimeout = "15s"
)

// What becomes of a statement whose caller has gone. Giving up its connection at once, as the driver does by default, would cost a
// sign-in to the server for each request that is cancelled. Most statements end within cancelAfter; the server is asked to
// cancel one that does not, on a connection of its own; and what does not answer even then is given up after giveUpAfter.
const (
	cancelAfter = time.Second
	giveUpAfter = 3 * time.Second
)

func watchCancellation(conn *pgconn.PgConn) ctxwatch.Handler {
	return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, CancelRequestDelay: cancelAfter, DeadlineDelay: giveUpAfter}
}

// unplanned are what no plan of a service may use. Every statement touches few rows, by an index; but a connection keeps its
// plans, and one that was made while a table was small would read all of it until the server's next statistics.
var unplanned = []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit"}

// Open returns a pool once the server answers. It waits for as long as ctx lives, and says what it waits for.
func Open(ctx context.Context, c Config) (*pgxpool.Pool, error) {
	pc, err := pgxpool.ParseConfig(c.URL)
	if err != nil {
		return nil, errURL
	}
	if c.MaxConns > 0 {
		pc.MaxConns = c.MaxConns
	}
	pc.ConnConfig.ConnectTimeout = 5 * time.Second
	pc.ConnConfig.BuildContextWatcherHandler = watchCancellation
	set := pc.ConnConfig.RuntimeParams
	set["search_path"] = c.Schema
	set["application_name"] = c.Schema
	set["timezone"] = "UTC"
	set["statement_timeout"] = statementTimeout
	set["lock_timeout"] = lockTimeout
	set["idle_in_transaction_session_timeout"] = idleInTransactionTimeout
	for _, way := range unplanned {
		set[way] = "off"
	}

	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open the pool: %w", err)
	}
	if err := await(ctx, c, pc.ConnConfig, pool.Ping); err != nil {
		pool.Close()
		return nil, err
	}
	if c.Telemetry != nil {
		if err := c.Telemetry.Registry.Register(newPoolMetrics(pool)); err != nil {
			pool.Close()
			return nil, fmt.Errorf("register the pool's metrics: %w", err)
		}
	}
	return pool, nil
}
