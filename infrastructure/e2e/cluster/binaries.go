package cluster

import (
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"marketplace/shared/testkit"
)

// sources says where each process's main package is, from the root of the workspace.
var sources = map[string]struct{ module, main string }{
	"user-service":      {"user-service", "./cmd/main.go"},
	"product-service":   {"product-service", "./cmd/main.go"},
	"order-service":     {"order-service", "./cmd/main.go"},
	"payment-service":   {"payment-service", "./cmd/main.go"},
	"warehouse-service": {"warehouse-service", "./cmd/main.go"},
	"sandbox":           {"payment-service", "./cmd/sandbox"},
	"gateway":           {"infrastructure", "./cmd/main.go"},
}

var builds struct {
	sync.Mutex
	done map[string]string
}

// binary builds a process's program once per test run and returns its path. With failpoints it is built with the build
// tag of that name, so that a test can have it killed at a named place.
func binary(t testing.TB, name string, failpoints bool) string {
	t.Helper()
	builds.Lock()
	defer builds.Unlock()
	key := name
	if failpoints {
		key += "+failpoints"
	}
	if path, ok := builds.done[key]; ok {
		return path
	}
	path := filepath.Join(root(t), ".local", "e2e", "bin", key)
	source := sources[name]
	args := []string{"build", "-o", path}
	if failpoints {
		args = append(args, "-tags", "failpoints")
	}
	cmd := exec.Command("go", append(args, source.main)...)
	cmd.Dir = filepath.Join(root(t), source.module)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", name, err, out)
	}
	if builds.done == nil {
		builds.done = map[string]string{}
	}
	builds.done[key] = path
	return path
}

// root is the workspace: the folder with go.work above the test's own.
func root(t testing.TB) string {
	t.Helper()
	dir, ok := testkit.Root()
	if !ok {
		t.Fatal("no go.work above the current folder")
	}
	return dir
}
