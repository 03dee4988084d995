package attacks

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/cluster"
)

// memory is a process's resident memory in bytes: now, and at most since forgetPeak.
type memory struct{ now, peak int }

var (
	residentNow  = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
	residentPeak = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
)

// measure reads the memory of every process of the cluster.
func measure(t *testing.T, c *cluster.Cluster) map[string]memory {
	t.Helper()
	measured := map[string]memory{}
	for _, process := range c.Processes() {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process.PID()))
		require.NoError(t, err, "%s has ended", process.Name)
		measured[process.Name] = memory{now: number(t, residentNow, status), peak: number(t, residentPeak, status)}
	}
	return measured
}

func number(t *testing.T, pattern *regexp.Regexp, status []byte) int {
	t.Helper()
	found := pattern.FindSubmatch(status)
	require.NotNil(t, found, "%s", status)
	kilobytes, err := strconv.Atoi(string(found[1]))
	require.NoError(t, err)
	return kilobytes << 10
}

// forgetPeak makes the peak of every process begin again at what it has now (proc(5), clear_refs).
func forgetPeak(t *testing.T, c *cluster.Cluster) {
	t.Helper()
	for _, process := range c.Processes() {
		require.NoError(t, os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", process.PID()), []byte("5"), 0))
	}
}

// table shows the memory before an attack, at its peak, and after it, in megabytes.
func table(c *cluster.Cluster, before, after map[string]memory) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-20s %8s %8s %8s %8s  (MB resident)\n", "process", "before", "peak", "growth", "after")
	for _, process := range c.Processes() {
		was, is := before[process.Name], after[process.Name]
		fmt.Fprintf(&b, "%-20s %8.1f %8.1f %8.1f %8.1f\n", process.Name, mb(was.now), mb(is.peak), mb(is.peak-was.now), mb(is.now))
	}
	return b.String()
}

func mb(n int) float64 { return float64(n) / (1 << 20) }
