package lifecycle_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/lifecycle"
)

// TestMain is the tests, or one of the processes that they start.
func TestMain(m *testing.M) {
	if run, ok := processes[os.Getenv("LIFECYCLE_PROCESS")]; ok {
		lifecycle.Main(run)
		return
	}
	goleak.VerifyTestMain(m)
}

var processes = map[string]func(context.Context) error{
	"a service waits": func(ctx context.Context) error { return lifecycle.Ended(ctx, wait(ctx)) },
	"a command waits": wait,
	"a service fails while it stops": func(ctx context.Context) error {
		_ = wait(ctx)
		return lifecycle.Ended(ctx, errors.New("the outbox was not flushed"))
	},
	"fails": func(context.Context) error { return errors.New("no such configuration") },
}

func wait(ctx context.Context) error {
	fmt.Println("waits")
	<-ctx.Done()
	return fmt.Errorf("wait for the database: %w", ctx.Err())
}

func TestMain_AStopWhileAServiceStartsIsNoFailure(t *testing.T) {
	for name, want := range map[string]struct {
		status int
		said   string
	}{
		"a service waits":                {0, ""},
		"a command waits":                {1, "wait for the database: context canceled\n"},
		"a service fails while it stops": {1, "the outbox was not flushed\n"},
		"fails":                          {1, "no such configuration\n"},
	} {
		t.Run(name, func(t *testing.T) {
			status, said := stopped(t, name)
			require.Equal(t, want.status, status)
			require.Equal(t, want.said, said)
		})
	}
}

// stopped starts a process, sends SIGTERM when it runs, and returns its exit status and what it wrote to stderr.
func stopped(t *testing.T, name string) (status int, said string) {
	t.Helper()
	var errs bytes.Buffer
	process := exec.Command(os.Args[0])
	process.Env, process.Stderr = append(os.Environ(), "LIFECYCLE_PROCESS="+name), &errs
	out, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	if bufio.NewScanner(out).Scan() { // or it has ended
		require.NoError(t, process.Process.Signal(syscall.SIGTERM))
	}
	_ = process.Wait() // its status says how it ended
	return process.ProcessState.ExitCode(), errs.String()
}
