//go:build failpoints

package failpoint

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

var (
	armed, deadly = parse(os.Getenv("FAILPOINT"))
	hits          atomic.Int64
)

// Point kills the process if FAILPOINT names this point and this is the hit that it asks for. It panics on a name that
// Names does not list.
func Point(name string) {
	if !slices.Contains(names, name) {
		panic("failpoint: unlisted point " + name)
	}
	if name != armed || hits.Add(1) != deadly {
		return
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way
}

// parse reads "name" or "name:N". It panics on anything else: a test that arms nothing would show nothing.
func parse(env string) (name string, hit int64) {
	name, count, counted := strings.Cut(env, ":")
	if name == "" {
		return "", 0
	}
	hit = 1
	if counted {
		var err error
		if hit, err = strconv.ParseInt(count, 10, 64); err != nil || hit < 1 {
			panic(fmt.Sprintf("failpoint: FAILPOINT=%s: want name or name:N with N from 1", env))
		}
	}
	if !slices.Contains(names, name) {
		panic("failpoint: FAILPOINT names an unlisted point: " + name)
	}
	return name, hit
}
