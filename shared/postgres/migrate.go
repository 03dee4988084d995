package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	driver "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// tryMigrationLock takes the lock of a schema's migrations for the session, unless somebody has it.
const tryMigrationLock = "select pg_try_advisory_lock(hashtextextended('migrate ' || $1, 0))"

const (
	// migrationPoll is how often a replica looks whether another one has migrated.
	migrationPoll = 250 * time.Millisecond
	// migrationLockTimeout is how long a statement of a migration waits for a lock, and everybody else behind it.
	migrationLockTimeout = "2s"
	// migrationPause lets those go on who waited behind a migration, before it is tried again.
	migrationPause = 3 * time.Second
)

// Migrate brings the schema up to date with the files NNNN_name.up.sql, creating the schema when it is missing. Replicas
// that start together take turns, so that each file runs once. It waits for the server, for its turn and for tables that others
// use as long as ctx lives, and says what it waits for.
//
// A file that would wait long for a lock is rolled back and tried again later: everybody who needs the table queues behind one who waits.
func Migrate(ctx context.Context, c Config, files fs.FS) error {
	for {
		err := up(ctx, c, files)
		if !lockTimedOut(err) {
			return err
		}
		log := c.log()
		log.Warn().Err(err).Str("schema", c.Schema).Msg("waiting: a migration needs a table that other sessions hold; trying again")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(migrationPause):
		}
	}
}

// up runs the files that are missing.
func up(ctx context.Context, c Config, files fs.FS) error {
	return withMigrator(ctx, c, files, func(m *migrate.Migrate) error {
		stopped := make(chan struct{})
		defer close(stopped)
		go func() {
			select {
			case <-ctx.Done():
				m.GracefulStop <- true // between two files
			case <-stopped:
			}
		}()
		err := m.Up()
		if lockTimedOut(err) {
			err = errors.Join(err, rewind(m))
		}
		if err != nil && !errors.Is(err, migrate.ErrNoChange) {
			return fmt.Errorf("migrate %s: %w", c.Schema, err)
		}
		return ctx.Err()
	})
}

// lockTimedOut says whether a statement of a migration waited too long, or golang-migrate for its own lock: a statement goes on in the
// server after its process was killed, and holds that lock until it ends.
func lockTimedOut(err error) bool {
	if failed, ok := errors.AsType[database.Error](err); ok {
		err = failed.OrigErr // these errors do not unwrap
	} else if failed, ok := errors.AsType[*database.Error](err); ok {
		err = failed.OrigErr
	}
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pg.Code == lockNotAvailable
}

// rewind takes back the mark of a file that failed. Each file is one transaction, which the server has rolled back.
func rewind(m *migrate.Migrate) error {
	version, dirty, err := m.Version()
	switch {
	case errors.Is(err, migrate.ErrNilVersion), err == nil && !dirty:
		return nil
	case err != nil:
		return err
	case version == 1:
		return m.Force(database.NilVersion)
	default:
		return m.Force(int(version) - 1)
	}
}

// withMigrator calls use when it is this process's turn.
func withMigrator(ctx context.Context, c Config, files fs.FS, use func(*migrate.Migrate) error) error {
	cc, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return errURL
	}
	var conn *pgx.Conn
	err = await(ctx, c, cc, func(ctx context.Context) (err error) {
		conn, err = pgx.ConnectConfig(ctx, cc)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // and the lock is free
	if err := awaitTurn(ctx, c, conn); err != nil {
		return err
	}
	if err := createSchema(ctx, c, conn); err != nil {
		return err
	}
	return migrator(c, cc, files, use)
}

// awaitTurn takes the lock. It asks again and again: waiting inside the server would hold a snapshot, for which another
// replica's CREATE INDEX CONCURRENTLY would wait in turn.
func awaitTurn(ctx context.Context, c Config, conn *pgx.Conn) error {
	for said := false; ; said = true {
		var ours bool
		if err := conn.QueryRow(ctx, tryMigrationLock, c.Schema).Scan(&ours); ours || err != nil {
			return err
		}
		if !said {
			log := c.log()
			log.Info().Str("schema", c.Schema).Msg("waiting: another process migrates this schema")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(migrationPoll):
		}
	}
}

func migrator(c Config, cc *pgx.ConnConfig, files fs.FS, use func(*migrate.Migrate) error) (err error) {
	cc.RuntimeParams["search_path"] = c.Schema
	cc.RuntimeParams["application_name"] = c.Schema + "-migrate"
	cc.RuntimeParams["timezone"] = "UTC"
	cc.RuntimeParams["lock_timeout"] = migrationLockTimeout

	source, err := iofs.New(files, ".")
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	db := stdlib.OpenDB(*cc)
	target, err := driver.WithInstance(db, &driver.Config{SchemaName: c.Schema})
	if err != nil {
		_ = db.Close()
		return fmt.Errorf("connect to migrate %s: %w", c.Schema, err)
	}
	m, err := migrate.NewWithInstance("iofs", source, "pgx5", target)
	if err != nil {
		_ = target.Close()
		return fmt.Errorf("migrate %s: %w", c.Schema, err)
	}
	defer func() {
		_, closing := m.Close()
		err = errors.Join(err, closing)
	}()
	return use(m)
}

// createSchema makes the schema unless it is there. Where a role may not, an operator has made it before.
func createSchema(ctx context.Context, c Config, conn *pgx.Conn) error {
	var exists bool
	err := conn.QueryRow(ctx, "select exists (select from pg_namespace where nspname = $1)", c.Schema).Scan(&exists)
	if exists || err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "create schema "+pgx.Identifier{c.Schema}.Sanitize()); err != nil {
		return fmt.Errorf("create schema %s: %w", c.Schema, err)
	}
	return nil
}
