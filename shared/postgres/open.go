package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
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
		return zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, NoColor: true}).With().Timestamp().Logger()
	}
	return c.Telemetry.Log
}

// errURL keeps the cause to itself: the driver hides the password in it as well as it can, which is no guarantee.
var errURL = errors.New("database url: DATABASE_URL is no PostgreSQL URL such as postgres://user:password@host:5432/database")

// Limits that hold for every statement of a service. Migrations have none.
const (
	statementTimeout = "10s"
	lockTimeout      = "5s"
	// A transaction that waits for us this long belongs to a frozen process; the server ends it and frees its locks.
	idleInTransactionTimeout = "15s"
)

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

// await connects again and again until it works. A wrong password is waited for as well: the role may be made a moment later.
func await(ctx context.Context, c Config, cc *pgx.ConnConfig, connect func(context.Context) error) error {
	log := c.log()
	where := net.JoinHostPort(cc.Host, strconv.Itoa(int(cc.Port)))
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := connect(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		log.Warn().Err(err).Str("server", where).Str("database", cc.Database).Dur("again_in", wait).
			Msg("waiting for PostgreSQL; start it with `make run` or set DATABASE_URL")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}
