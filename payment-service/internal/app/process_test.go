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

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/proto/events"
	"marketplace/shared/rabbit"
	"marketplace/shared/testkit"
)

// programs is where the real binary with failpoints is, once it was built; TestMain removes it.
var programs = filepath.Join(os.TempDir(), "payment-"+uuid.NewString())

var program = sync.OnceValues(func() (string, error) {
	file := filepath.Join(programs, "payment-service")
	if out, err := exec.Command("go", "build", "-tags", "failpoints", "-o", file, "../../cmd").CombinedOutput(); err != nil {
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

// launch starts the binary at the shop's address, to be killed at a failpoint.
func (s *shop) launch(failpoint string) *process {
	s.t.Helper()
	file, err := program()
	require.NoError(s.t, err)
	p := &process{t: s.t, cmd: exec.Command(file), ended: make(chan error, 1)}
	p.cmd.Dir = s.t.TempDir()
	p.cmd.Env = []string{
		"FAILPOINT=" + failpoint, "SERVER_PORT=" + strconv.Itoa(s.config.ServerPort), "LOG_LEVEL=warn", "CONSUL_URL=http://127.0.0.1:1",
		"DATABASE_URL=" + s.config.DatabaseURL.Reveal(), "RABBITMQ_URL=" + s.config.RabbitURL.Reveal(),
		"REDIS_URL=" + s.config.RedisURL.Reveal(), "JWKS_URL=" + s.config.JWKSURL,
		"STRIPE_API_URL=" + s.config.StripeURL, "STRIPE_SECRET_KEY=" + s.config.StripeKey.Reveal(),
		"STRIPE_WEBHOOK_SECRET=" + s.config.WebhookSecret.Reveal(), "STRIPE_TIMEOUT=1s",
	}
	p.cmd.Stdout, p.cmd.Stderr = &p.output, &p.output
	require.NoError(s.t, p.cmd.Start())
	go func() { p.ended <- p.cmd.Wait() }()
	s.t.Cleanup(p.stop)
	return p
}

// dies waits until the failpoint has killed it.
func (p *process) dies() {
	p.t.Helper()
	select {
	case err := <-p.ended:
		p.ended <- err
		exit, ok := errors.AsType[*exec.ExitError](err)
		require.True(p.t, ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL, "%v\n%s", err, p.output.String())
	case <-time.After(within):
		p.t.Fatal("the failpoint was not reached")
	}
}

// stop ends it as an operator would.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-p.ended:
		p.ended <- err
	case <-time.After(within):
		_ = p.cmd.Process.Kill()
		p.t.Error("did not stop")
	}
}

func TestProcess_P1_P31_KilledAnywhereEveryOrderIsChargedOnce(t *testing.T) {
	t.Parallel()
	for _, failpoint := range []string{
		"payment.after_mark", "payment.after_call", "payment.before_result:1", "payment.before_result:2",
		"inbox.after_commit", "outbox.before_publish", "outbox.after_publish",
	} {
		t.Run(failpoint, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			good, bad := make([]order, 6), newOrder(uuid.NewString(), "pm_card_chargeDeclined")
			rush := []rabbit.Message{reserved(t, bad)}
			for i := range good {
				good[i] = newOrder(uuid.NewString(), "pm_card_visa")
				rush = append(rush, reserved(t, good[i]))
			}
			s.peers.say(rush...)
			s.launch(failpoint).dies()

			s.launch("")
			s.ready()
			restarted := time.Now()
			for _, o := range good {
				s.peers.hears(o.id, events.PaymentCaptured)
				require.Equal(t, 1, s.charges(o.id))
			}
			s.peers.hears(bad.id, events.PaymentFailed)
			require.Less(t, time.Since(restarted), 15*time.Second, "a lease and 10 s")
			require.Zero(t, s.charges(bad.id))
			require.Equal(t, len(rush), s.count(`select count(*) from payments where state in ('captured', 'failed')`))
			require.Equal(t, len(good), s.count(`select count(*) from ledger`))
			require.Equal(t, len(rush), s.count(`select count(*) from outbox`), "one message for each")
			require.Equal(t, len(rush), s.sandbox.Count(`select count(*) from intents`))
		})
	}
}

func TestProcess_P1_KilledWhileRefundingRefundsOnce(t *testing.T) {
	t.Parallel()
	for _, failpoint := range []string{"payment.before_result:1", "payment.before_result:2"} { // the cancellation, the answer
		t.Run(failpoint, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			stop := s.run()
			o, _ := s.captured("pm_card_visa")
			stop()
			s.peers.say(cancelled(t, o))
			s.launch(failpoint).dies()
			s.launch("")
			s.peers.hears(o.id, events.PaymentCaptured, events.PaymentRefunded)
			require.EqualValues(t, o.amount, s.refunded(o.id))
			require.Equal(t, 1, s.sandbox.Count(`select count(*) from refunds`))
			require.Zero(t, s.count(`select sum(amount) from ledger`))
		})
	}
}

func TestProcess_P31_SIGTERMUnderLoadLeavesNoPaymentBehind(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	process := s.launch("")
	s.ready()
	var orders []order
	for range 60 {
		orders = append(orders, s.place("pm_card_visa"))
	}
	testkit.Eventually(t, within, func() bool { return s.count(`select count(*) from payments`) > 0 })
	process.stop()
	require.Zero(t, s.count(`select count(*) from payments where state = 'called'`), "every call that ran has its answer\n"+process.output.String())
	s.launch("")
	for _, o := range orders {
		s.peers.hears(o.id, events.PaymentCaptured)
	}
	require.Equal(t, len(orders), s.sandbox.Count(`select count(*) from charges`))
}

func TestRun_P53_FiveReplicasStartAtOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, err := s.db.Pool.Exec(t.Context(), `drop schema payment_service cascade`)
	require.NoError(t, err)
	replicas := make([]*shop, 5)
	var all sync.WaitGroup
	for i := range replicas {
		replica := *s
		replica.config.ServerPort = testkit.FreePort(t)
		replica.url = fmt.Sprintf("http://127.0.0.1:%d", replica.config.ServerPort)
		replicas[i] = &replica
	}
	for _, replica := range replicas {
		replica.start()
	}
	for _, replica := range replicas {
		all.Go(replica.ready)
	}
	all.Wait()
	o := s.place("pm_card_visa")
	replicas[3].becomes(o.id, "captured")
	require.Equal(t, 1, s.charges(o.id))
}
