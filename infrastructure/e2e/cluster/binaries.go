package cluster

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

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

// plain and failing build every program once per test run. With failpoints they are built with the build tag of that
// name, so that a test can have them killed at a named place.
var (
	plain   = sync.OnceValues(func() (map[string]string, error) { return build("") })
	failing = sync.OnceValues(func() (map[string]string, error) { return build("failpoints") })
)

// binaries returns the programs' paths by the processes' names.
func binaries(t testing.TB, failpoints bool) map[string]string {
	t.Helper()
	built := plain
	if failpoints {
		built = failing
	}
	paths, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// build builds all programs with a build tag. Linking uses one processor each, so several are built at a time.
func build(tag string) (map[string]string, error) {
	root, err := workspace()
	if err != nil {
		return nil, err
	}
	paths := map[string]string{}
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for name, source := range sources {
		path := filepath.Join(root, ".local", "e2e", "bin", tag, name)
		paths[name] = path
		group.Go(func() error {
			cmd := exec.Command("go", "build", "-tags", tag, "-o", path, source.main)
			cmd.Dir = filepath.Join(root, source.module)
			if out, err := cmd.CombinedOutput(); err != nil {
				return fmt.Errorf("build %s: %w\n%s", name, err, out)
			}
			return nil
		})
	}
	return paths, group.Wait()
}

// workspace is the folder with go.work above the test's own.
func workspace() (string, error) {
	dir, ok := testkit.Root()
	if !ok {
		return "", errors.New("no go.work above the current folder")
	}
	return dir, nil
}
