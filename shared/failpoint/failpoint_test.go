package failpoint_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/failpoint"
)

func TestNames_AreSortedAndUnique(t *testing.T) {
	names := failpoint.Names()
	require.True(t, slices.IsSorted(names))
	require.Len(t, slices.Compact(slices.Clone(names)), len(names))
}

func TestPoint_KillsTheArmedHitOnly(t *testing.T) {
	program := build(t, "-tags", "failpoints")
	for _, c := range []struct {
		name, armed, printed string
		killed               bool
	}{
		{name: "not armed", armed: "", printed: "1 2 3 4 5 end"},
		{name: "another point", armed: "order.before_commit", printed: "1 2 3 4 5 end"},
		{name: "first hit", armed: "order.after_commit", printed: "1", killed: true},
		{name: "fourth hit", armed: "order.after_commit:4", printed: "1 2 3 4", killed: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := run(program, c.armed)
			require.Equal(t, c.printed, strings.Join(strings.Fields(out), " "))
			if !c.killed {
				require.NoError(t, err)
				return
			}
			var exit *exec.ExitError
			require.ErrorAs(t, err, &exit)
			require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
		})
	}
}

func TestPoint_RefusesWhatIsNotListed(t *testing.T) {
	program := build(t, "-tags", "failpoints")
	for _, armed := range []string{"no.such_point", "order.after_commit:0", "order.after_commit:x"} {
		_, err := run(program, armed)
		require.Error(t, err, armed)
	}
}

func TestPoint_IsNothingInANormalBuild(t *testing.T) {
	out, err := run(build(t), "order.after_commit")
	require.NoError(t, err)
	require.Contains(t, out, "end")
}

func build(t *testing.T, flags ...string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", program, "./testdata/program")...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

func run(program, armed string) (string, error) {
	cmd := exec.Command(program)
	cmd.Env = []string{"FAILPOINT=" + armed}
	out, err := cmd.Output()
	return string(out), err
}
