package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/proto/events"
	"marketplace/shared/rabbit"
	"marketplace/shared/testkit"
)

// buildDir holds the program that crash tests kill.
var buildDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "warehouse")
	if err != nil {
		panic(err)
	}
	buildDir = dir
	// No Redis is there: the library's prober of a pool that was closed sleeps out its second.
	prober := goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial")
	goleak.VerifyTestMain(m, prober, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// program is the real binary with failpoints, built once.
var program = sync.OnceValues(func() (string, error) {
	file := filepath.Join(buildDir, "warehouse-service")
	out, err := exec.Command("go", "build", "-tags", "failpoints", "-o", file, "../../cmd").CombinedOutput()
	if err != nil {
		return file, fmt.Errorf("%w\n%s", err, out)
	}
	return file, nil
})

// process is a running binary.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	output bytes.Buffer
	ended  chan error
}

// launch starts the binary on a port of its own, where ready then looks for it, to be killed at a failpoint.
func (d *depot) launch(failpoint string) *process {
	d.t.Helper()
	file, err := program()
	require.NoError(d.t, err)
	d.listen()
	p := &process{t: d.t, cmd: exec.Command(file), ended: make(chan error, 1)}
	p.cmd.Dir = d.t.TempDir()
	p.cmd.Env = []string{
		"FAILPOINT=" + failpoint, "SERVER_PORT=" + strconv.Itoa(d.config.ServerPort), "LOG_LEVEL=warn", "CONSUL_URL=http://127.0.0.1:1",
		"DATABASE_URL=" + d.config.DatabaseURL.Reveal(), "RABBITMQ_URL=" + d.config.RabbitURL.Reveal(),
		"REDIS_URL=" + d.config.RedisURL.Reveal(), "JWKS_URL=" + d.config.JWKSURL,
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	require.NoError(d.t, p.cmd.Start())
	go func() { p.ended <- p.cmd.Wait() }()
	d.t.Cleanup(p.stop)
	return p
}

// dies waits until the failpoint has killed it.
func (p *process) dies() {
	p.t.Helper()
	require.True(p.t, p.died(20*time.Second), "the failpoint was not reached")
	err := <-p.ended
	p.ended <- err
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(p.t, ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL, "%v\n%s", err, p.output.String())
}

// died waits for a while and says whether the process has ended.
func (p *process) died(within time.Duration) bool {
	select {
	case err := <-p.ended:
		p.ended <- err
		return true
	case <-time.After(within):
		return false
	}
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if !p.died(20 * time.Second) {
		_ = p.cmd.Process.Kill()
		p.t.Error("did not stop")
	}
}

func TestProcess_P1_P10_KilledAnywhereLosesAndDoublesNothing(t *testing.T) {
	t.Parallel()
	for _, failpoint := range []string{
		"warehouse.before_commit", "warehouse.after_commit", "inbox.after_commit", "outbox.before_publish", "outbox.after_publish",
	} {
		t.Run(failpoint, func(t *testing.T) {
			t.Parallel()
			d := newDepot(t)
			others := d.newPeers()
			rush := d.rush(10)
			others.say(rush...)
			d.launch(failpoint).dies()

			d.launch("")
			d.ready()
			testkit.Eventually(t, 10*time.Second, func() bool { return others.orders(events.StockReserved) == len(rush) })
			d.quiet()
			require.Equal(t, len(rush), d.count(`select sum(reserved) from stock`))
			require.Equal(t, len(rush), d.count(`select count(*) from outbox`), "one message for each effect")
			d.invariants()
		})
	}
}

func TestProcess_P4_OneOfTwoReplicasKilledWhileItPublishes(t *testing.T) {
	t.Parallel()
	d := newDepot(t)
	others := d.newPeers()
	victim := d.launch("outbox.after_publish:2")
	d.launch("")
	sent := 0
	// Rush upon rush until the victim has had its share: whichever replica is up first takes all there is.
	testkit.Eventually(t, 40*time.Second, func() bool {
		rush := d.rush(10)
		others.say(rush...)
		sent += len(rush)
		return victim.died(time.Second)
	}, "the victim was given nothing to publish")
	victim.dies()
	testkit.Eventually(t, 20*time.Second, func() bool { return others.orders(events.StockReserved) == sent })
	d.quiet()
	require.Equal(t, sent, d.count(`select count(*) from outbox`))
	d.invariants()
}

// rush is n orders of a product of which there is enough.
func (d *depot) rush(n int) (messages []rabbit.Message) {
	product := newOrder()
	d.fill(product, d.warehouse(), int64(n))
	for range n {
		messages = append(messages, placed(d.t, newOrder(), line(product, 1)))
	}
	return messages
}
