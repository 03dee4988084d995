package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/cluster"
)

// usage is CPU time, user and system, by process name.
type usage map[string]time.Duration

// servers are the processes on this machine that work for the marketplace beside its own, by the kernel's name for them.
// Everything of that name counts: run the benchmark on a machine that does nothing else.
var servers = map[string]string{"postgres": "postgres", "beam.smp": "rabbitmq", "redis-server": "redis", "consul": "consul"}

// ticks per second of /proc/<pid>/stat on Linux, for every architecture that Go supports.
const ticks = 100

func cpuOf(b *testing.B, c *cluster.Cluster) usage {
	b.Helper()
	spent := usage{}
	for _, process := range c.Processes() {
		spent[process.Name] = read(b, fmt.Sprintf("/proc/%d/stat", process.PID())).cpu
	}
	own := read(b, "/proc/self/stat")
	spent["load"] = own.cpu
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(b, err)
	for _, path := range all {
		if stat, err := parse(path); err == nil && servers[stat.name] != "" {
			spent[servers[stat.name]] += stat.cpu
		}
	}
	return spent
}

func (u usage) since(before usage) usage {
	difference := usage{}
	for name, spent := range u {
		difference[name] = spent - before[name]
	}
	return difference
}

type stat struct {
	name string
	cpu  time.Duration
}

func read(b *testing.B, path string) stat {
	b.Helper()
	s, err := parse(path)
	require.NoError(b, err)
	return s
}

// parse reads proc(5)'s stat: the name in brackets, then fields of which the 14th and 15th are user and system ticks.
func parse(path string) (stat, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return stat{}, err
	}
	open, end := strings.IndexByte(string(text), '('), strings.LastIndexByte(string(text), ')')
	if open < 0 || end < open {
		return stat{}, fmt.Errorf("%s: no name", path)
	}
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) < 13 {
		return stat{}, fmt.Errorf("%s: %d fields", path, len(fields))
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return stat{}, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	if err != nil {
		return stat{}, err
	}
	return stat{name: string(text[open+1 : end]), cpu: time.Duration(user+system) * time.Second / ticks}, nil
}
