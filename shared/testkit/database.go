package testkit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/shared/postgres"
)

// DB is a test's own database, migrated and otherwise empty.
type DB struct {
	URL  string
	Pool *pgxpool.Pool // for the test's own questions; search_path is the schema
}

// Database clones a database from a template with the migrations applied, and drops it when the test ends. The template
// is built once per content of the migrations.
func Database(t testing.TB, schema string, migrations fs.FS) DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server := setting(t, "TEST_DATABASE_URL")
	from, err := template(ctx, server, schema, migrations)
	if err != nil {
		t.Fatalf("template database for %s: %v (are the test servers up? `make test-servers`)", schema, err)
	}
	name := Prefix(t)
	if err := administer(ctx, server, fmt.Sprintf("create database %s template %s", name, from)); err != nil {
		t.Fatalf("clone a database for %s: %v", schema, err)
	}
	address := withDatabase(server, name)
	pool, err := postgres.Open(ctx, postgres.Config{URL: address, Schema: schema, MaxConns: 4})
	if err != nil {
		t.Fatalf("open %s: %v", name, err)
	}
	t.Cleanup(func() {
		pool.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := administer(ctx, server, fmt.Sprintf("drop database if exists %s with (force)", name)); err != nil {
			t.Errorf("drop database %s: %v", name, err)
		}
	})
	return DB{URL: address, Pool: pool}
}

// Fill runs statements that make or change many rows, in one transaction and for as long as it takes: a large table on a
// busy machine needs longer than the limit that a service has.
func Fill(t testing.TB, pool *pgxpool.Pool, statements ...string) {
	t.Helper()
	err := postgres.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		for _, statement := range append([]string{"set local statement_timeout = 0"}, statements...) {
			if _, err := tx.Exec(t.Context(), statement); err != nil {
				return fmt.Errorf("%s: %w", statement, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("fill: %v", err)
	}
}

// templates are the names of those that this process has seen finished.
var templates sync.Map

// template returns the name of the template database, building it unless it is there.
func template(ctx context.Context, server, schema string, migrations fs.FS) (string, error) {
	sum, err := digest(schema, migrations)
	if err != nil {
		return "", err
	}
	name := "template_" + schema + "_" + sum
	if _, seen := templates.Load(name); seen {
		return name, nil
	}
	if err := buildTemplate(ctx, server, name, schema, migrations); err != nil {
		return "", err
	}
	templates.Store(name, true)
	return name, nil
}

// buildTemplate builds a template under a lock that all test processes share, unless another has. A template is only
// trusted once it is marked as one, which is its builder's last step.
func buildTemplate(ctx context.Context, server, name, schema string, migrations fs.FS) error {
	conn, err := pgx.Connect(ctx, server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()

	const finished = "select exists (select from pg_database where datname = $1 and datistemplate)"
	var ready bool
	if err := conn.QueryRow(ctx, finished, name).Scan(&ready); ready || err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "select pg_advisory_lock(hashtextextended($1, 0))", name); err != nil {
		return err
	}
	if err := conn.QueryRow(ctx, finished, name).Scan(&ready); ready || err != nil {
		return err
	}
	for _, statement := range []string{"drop database if exists " + name + " with (force)", "create database " + name} {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return err
		}
	}
	config := postgres.Config{URL: withDatabase(server, name), Schema: schema}
	if err := postgres.Migrate(ctx, config, migrations); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, "alter database "+name+" is_template true")
	return err
}

// digest names the content of the migrations, file names included.
func digest(schema string, migrations fs.FS) (string, error) {
	hash := sha256.New()
	_, _ = io.WriteString(hash, schema)
	err := fs.WalkDir(migrations, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(migrations, path)
		_, _ = fmt.Fprintf(hash, "\x00%s\x00%s", path, content)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)[:6]), err
}

// admin is the process's one connection for making and dropping databases: to connect costs as much as to make a small one.
var admin struct {
	sync.Mutex
	conn *pgx.Conn
}

func administer(ctx context.Context, server, statement string) (err error) {
	admin.Lock()
	defer admin.Unlock()
	if admin.conn == nil || admin.conn.IsClosed() {
		if admin.conn, err = pgx.Connect(ctx, server); err != nil {
			return err
		}
	}
	_, err = admin.conn.Exec(ctx, statement)
	return err
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server // the next connection says what is wrong
	}
	u.Path = "/" + name
	return u.String()
}
