package inbox_test

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
)

// program builds the consumer with failpoints, once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := filepath.Abs("testdata/consumer")
	if err != nil {
		return "", err
	}
	file := filepath.Join(buildDir, "consumer")
	out, err := exec.Command("go", "build", "-tags", "failpoints", "-o", file, dir).CombinedOutput()
	return file, errors.Join(err, wrap(out))
})

func wrap(out []byte) error {
	if len(out) == 0 {
		return nil
	}
	return errors.New(string(out))
}

// process runs the consumer until it dies or until is true, and says whether it was killed from inside.
func process(t *testing.T, db testkit.DB, url, failpoint string, until func() bool) (killed bool) {
	t.Helper()
	file, err := program()
	require.NoError(t, err)
	cmd := exec.Command(file)
	cmd.Env = []string{"DATABASE_URL=" + db.URL, "RABBITMQ_URL=" + url, "FAILPOINT=" + failpoint}
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	require.NoError(t, cmd.Start())
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	ticker, patience := time.NewTicker(50*time.Millisecond), time.After(20*time.Second)
	defer ticker.Stop()
	for {
		select {
		case err := <-done:
			exit, ok := errors.AsType[*exec.ExitError](err)
			require.True(t, ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL, "%v\n%s", err, output.String())
			return true
		case <-patience:
			_ = cmd.Process.Kill()
			<-done //nolint:errcheck // it was killed
			t.Fatalf("neither done nor dead:\n%s", output.String())
		case <-ticker.C:
			if until() {
				require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
				require.NoError(t, <-done)
				return false
			}
		}
	}
}

// publish puts messages into the queue, before any consumer has started.
func publish(t *testing.T, url string, batch []rabbit.Message) {
	t.Helper()
	s := rabbit.NewSession(url, "test", rabbit.Topology{
		Exchange: "shop.events", Queues: map[string][]string{queue: {"thing.made"}},
	}, telemetry.Nop())
	defer run(t, s.Run)()
	for _, err := range s.Publish(t.Context(), batch) {
		require.NoError(t, err)
	}
}

func TestInbox_P12_ACrashLoopFindsThePoisonAndSparesTheInnocent(t *testing.T) {
	t.Parallel()
	db, url := database(t), testkit.VHost(t)
	batch := messages("a", "b", "c", "poison", "d", "e", "f", "g", "h", "i")
	publish(t, url, batch)
	crashes := 0
	for process(t, db, url, "", func() bool {
		return count(t, db.Pool, `select count(*) from parked where status = 'dead'`) == 1 &&
			count(t, db.Pool, `select count(*) from effects`) == 9
	}) {
		crashes++
		require.LessOrEqual(t, crashes, 5, "a crash loop without end")
		_, err := db.Pool.Exec(t.Context(), `update parked set next_at = now() where status = 'waiting'`) // the try is over
		require.NoError(t, err)
	}
	require.Equal(t, 4, crashes, "once in the batch, then as often as any message is tried")
	require.Contains(t, parked(t, db.Pool, batch[3].ID).Reason, "the process ended during try 3")
	require.Equal(t, 1, count(t, db.Pool, `select count(*) from parked where status <> 'done'`))
}

func TestInbox_P10_P14_AProcessKilledAnywhereLeavesOneEffect(t *testing.T) {
	t.Parallel()
	for _, failpoint := range []string{"inbox.after_commit", "inbox.after_attempt"} {
		t.Run(failpoint, func(t *testing.T) {
			t.Parallel()
			db, url := database(t), testkit.VHost(t)
			batch := messages("a", "b", "c")
			publish(t, url, batch)
			effects := func() int { return count(t, db.Pool, `select count(*) from effects`) }
			if failpoint == "inbox.after_attempt" { // only parked messages get there
				_, err := db.Pool.Exec(t.Context(), `
					insert into parked (consumer, message_id, type, source, subject, body, headers, attempts, reason)
					values ($1, gen_random_uuid(), 'thing.made', 's', 's', 'parked', '{}', 0, 'test')`, queue)
				require.NoError(t, err)
				batch = append(batch, message("parked"))
			}
			require.True(t, process(t, db, url, failpoint, func() bool { return false }))
			_, err := db.Pool.Exec(t.Context(), `update parked set next_at = now() where status = 'waiting'`)
			require.NoError(t, err)
			last := messages("last") // behind those that are delivered again: its effect says that they have been handled
			publish(t, url, last)
			batch = append(batch, last...)
			require.False(t, process(t, db, url, "", func() bool {
				return effects() >= len(batch) && count(t, db.Pool, `select count(*) from parked where status = 'waiting'`) == 0
			}))
			require.Equal(t, len(batch), effects())
			require.Equal(t, len(batch), count(t, db.Pool, `select count(*) from inbox`))
		})
	}
}
