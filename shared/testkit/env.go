package testkit

import (
	"bufio"
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// setting returns TEST_<name>, from the environment or from the file that `make test-servers` writes.
func setting(t testing.TB, name string) string {
	t.Helper()
	if value := os.Getenv(name); value != "" {
		return value
	}
	if value := envFile()[name]; value != "" {
		return value
	}
	t.Fatalf("%s is not set: start the test servers with `make test-servers`", name)
	return ""
}

// envFile reads .local/test/env beside go.work, above the package under test.
var envFile = sync.OnceValue(func() map[string]string {
	values := map[string]string{}
	root, ok := Root()
	if !ok {
		return values
	}
	file, err := os.Open(filepath.Join(root, ".local", "test", "env"))
	if err != nil {
		return values
	}
	defer func() { _ = file.Close() }()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, ok := strings.Cut(lines.Text(), "="); ok {
			values[name] = value
		}
	}
	return values
})

// Root returns the folder of go.work, above the working directory.
func Root() (string, bool) {
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", false
		}
		dir = parent
	}
}

// MaxConns is the pool size for the services under test: TEST_MAX_CONNS, so that a whole suite can run with one, or fallback.
func MaxConns(t testing.TB, fallback int32) int32 {
	t.Helper()
	text := os.Getenv("TEST_MAX_CONNS")
	if text == "" {
		return fallback
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 1 {
		t.Fatalf("TEST_MAX_CONNS=%s: want a number from 1", text)
	}
	return int32(n)
}

// Prefix returns a name that no other test has: letters, digits and underscores, beginning with a letter.
func Prefix(t testing.TB) string {
	t.Helper()
	return "t_" + random()
}

// Server returns the address of the test PostgreSQL, as its superuser: for tests that make their own databases.
func Server(t testing.TB) string {
	t.Helper()
	return setting(t, "TEST_DATABASE_URL")
}

// Consul returns the address of the test agent. It is shared: use a Prefix in names.
func Consul(t testing.TB) string {
	t.Helper()
	return setting(t, "TEST_CONSUL_URL")
}

func random() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
