package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/golang-migrate/migrate/v4"
	driver "github.com/golang-migrate/migrate/v4/database/pgx/v5"
	"github.com/golang-migrate/migrate/v4/source/iofs"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// migrationWait is how long a replica waits while another one migrates.
const migrationWait = 15 * time.Minute

// Migrate brings the schema up to date with the files NNNN_name.up.sql, creating the schema when it is missing. Replicas
// that start together take turns under an advisory lock, on a connection of its own, so that each file runs once.
func Migrate(ctx context.Context, c Config, files fs.FS) error {
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
		if err := m.Up(); err != nil && !errors.Is(err, migrate.ErrNoChange) {
			return fmt.Errorf("migrate %s: %w", c.Schema, err)
		}
		return ctx.Err()
	})
}

func withMigrator(ctx context.Context, c Config, files fs.FS, use func(*migrate.Migrate) error) (err error) {
	cc, err := pgx.ParseConfig(c.URL)
	if err != nil {
		return errURL
	}
	if err := createSchema(ctx, c, cc); err != nil {
		return err
	}
	cc.RuntimeParams["search_path"] = c.Schema
	cc.RuntimeParams["application_name"] = c.Schema + "-migrate"
	cc.RuntimeParams["timezone"] = "UTC"

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
	m.LockTimeout = migrationWait
	defer func() {
		_, closing := m.Close()
		err = errors.Join(err, closing)
	}()
	return use(m)
}

// createSchema waits for the server and makes the schema unless it is there. Where a role may not, an operator has made it before.
func createSchema(ctx context.Context, c Config, cc *pgx.ConnConfig) error {
	var conn *pgx.Conn
	err := await(ctx, c, cc, func(ctx context.Context) (err error) {
		conn, err = pgx.ConnectConfig(ctx, cc)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	exists := func() (there bool, err error) {
		err = conn.QueryRow(ctx, "select exists (select from pg_namespace where nspname = $1)", c.Schema).Scan(&there)
		return there, err
	}
	if there, err := exists(); there || err != nil {
		return err
	}
	_, failure := conn.Exec(ctx, "create schema if not exists "+pgx.Identifier{c.Schema}.Sanitize())
	if failure == nil {
		return nil
	}
	if there, err := exists(); there && err == nil {
		return nil // another replica was faster: IF NOT EXISTS does not wait for it
	}
	return fmt.Errorf("create schema %s: %w", c.Schema, failure)
}
