package servers

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/testkit"
)

// Postgres starts an empty PostgreSQL that trusts everybody on loopback. It is as durable as in production: a kill loses
// nothing that was committed.
func Postgres(t testing.TB) *Server {
	t.Helper()
	bin := filepath.Dir(newest(t, "/usr/lib/postgresql/*/bin/postgres", "postgresql"))
	port := testkit.FreePort(t)
	s := &Server{
		URL: fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port),
		dir: folder(t), goodbye: syscall.SIGINT,
	}
	data := filepath.Join(s.dir, "data")
	initdb := s.program(t, nil, filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	s.command = func() *exec.Cmd {
		return s.program(t, nil, filepath.Join(bin, "postgres"), "-D", data, "-p", strconv.Itoa(port),
			"-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=")
	}
	s.ready = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		conn, err := pgx.Connect(ctx, s.URL)
		if err != nil {
			return err
		}
		return conn.Close(ctx)
	}
	return s.start(t)
}
