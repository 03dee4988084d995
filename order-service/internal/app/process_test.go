package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/order-service/internal/app"
	"marketplace/proto/events"
	"marketplace/shared/testkit"
	"marketplace/shared/testkit/servers"
)

// buildDir holds the binary until all tests have run.
var buildDir string

func TestMain(m *testing.M) {
	var err error
	if buildDir, err = os.MkdirTemp("", "order-service"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(buildDir)
		os.Exit(code)
	}))
}

// program builds the real binary with failpoints, once.
var program = sync.OnceValues(func() (string, error) {
	file := filepath.Join(buildDir, "order-service")
	out, err := exec.Command("go", "build", "-tags", "failpoints", "-o", file, "../../cmd/main.go").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return file, nil
})

// process is the service as a process of its own.
type process struct {
	*exec.Cmd
	ended chan struct{} // closed when it has ended
	state *os.ProcessState
	log   bytes.Buffer
}

// spawn starts the service as a process, with a failpoint armed or none, and waits until it is ready.
func (s *shop) spawn(failpoint string, more ...string) *process {
	s.t.Helper()
	file, err := program()
	require.NoError(s.t, err)
	p := &process{Cmd: exec.Command(file), ended: make(chan struct{})}
	p.Dir = s.t.TempDir()
	p.Env = append([]string{
		"FAILPOINT=" + failpoint, "LOG_LEVEL=warn",
		"ORDER_SERVICE_DATABASE_URL=" + s.config.DatabaseURL.Reveal(), "RABBITMQ_URL=" + s.config.RabbitURL.Reveal(),
		"DATABASE_MAX_CONNS=" + strconv.Itoa(int(s.config.MaxConns)), "JWKS_URL=" + s.config.JWKSURL,
		"REDIS_URL=" + s.config.RedisURL.Reveal(), "CONSUL_URL=http://127.0.0.1:1",
		"SERVER_PORT=" + strconv.Itoa(s.config.ServerPort),
		"PRODUCT_SERVICE_ADDR=" + s.config.ProductServiceAddr, "ORDER_DEADLINE=" + s.config.OrderDeadline.String(),
		"OPEN_ORDERS_PER_CUSTOMER=" + strconv.Itoa(s.config.OpenOrders),
		"OPEN_UNITS_PER_CUSTOMER=" + strconv.FormatInt(s.config.OpenUnits, 10),
	}, more...)
	p.Stdout, p.Stderr = &p.log, &p.log
	p.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	require.NoError(s.t, p.Start())
	go func() {
		defer close(p.ended)
		_ = p.Wait()
		p.state = p.ProcessState
	}()
	s.t.Cleanup(func() {
		_ = p.Process.Kill()
		<-p.ended
		if s.t.Failed() {
			s.t.Log(p.log.String())
		}
	})
	s.ready()
	return p
}

// killed waits until the failpoint has killed the process.
func (p *process) killed(t *testing.T) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(within):
		t.Fatal("the failpoint was not reached")
	}
	require.Equal(t, syscall.SIGKILL, p.state.Sys().(syscall.WaitStatus).Signal())
}

// Wherever the process dies, the others hear within 10 s of the restart of every order that was committed, and a client that
// repeats its request has one order.
func TestCrash_P1_WhateverWasCommittedIsPublished(t *testing.T) {
	t.Parallel()
	for _, point := range []string{
		"order.before_commit", "order.before_commit:3", "order.after_commit", "order.after_commit:4",
		"outbox.before_publish", "outbox.before_publish:2", "outbox.after_publish", "outbox.after_publish:3",
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			others, p, wish := s.newPeers(), s.customer(), body(item(s.catalogue.lamp(), 1))
			crash := s.spawn(point)
			var keys []string
			// Until it is dead: a window of the publisher may hold many, so that no number of orders makes a number of windows.
			for start := time.Now(); time.Since(start) < within; {
				k := key()
				keys = append(keys, k)
				if _, err := p.try(http.MethodPost, orders, wish, "Idempotency-Key", k); err != nil {
					break // the process is dead
				}
			}
			crash.killed(t)

			committed := s.orderIDs()
			s.spawn("")
			others.hearOf(10*time.Second, committed)
			placed := map[string]bool{}
			for _, k := range keys {
				r := p.call(http.MethodPost, orders, wish, "Idempotency-Key", k)
				require.Equal(t, http.StatusCreated, r.Status, r.Body)
				placed[r.order(t).ID] = true
			}
			require.Len(t, placed, len(keys))
			require.Equal(t, len(keys), s.count("select count(*) from orders"))
			others.hearOf(within, slices.Collect(maps.Keys(placed)))
			testkit.Eventually(t, within, func() bool { return s.count("select count(*) from outbox where sent_at is null") == 0 })
			s.invariants()
		})
	}
}

// orderIDs are those of the orders that are committed.
func (s *shop) orderIDs() []string {
	s.t.Helper()
	rows, err := s.db.Pool.Query(s.t.Context(), "select id::text from orders")
	require.NoError(s.t, err)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(s.t, err)
	return ids
}

// hearOf waits until something has been heard about each of the orders.
func (p *peers) hearOf(within time.Duration, orderIDs []string) {
	p.t.Helper()
	testkit.Eventually(p.t, within, func() error {
		for _, id := range orderIDs {
			if len(p.types(id)) == 0 {
				return fmt.Errorf("nobody heard of %s", id)
			}
		}
		return nil
	})
}

// Killed while it consumes: after the restart each message has had its effect once, wherever it was.
func TestCrash_P10_AConsumerKilledAnywhereHasOneEffect(t *testing.T) {
	t.Parallel()
	// Three commits place the orders; the fourth is the first set of messages, which may hold all of them.
	for _, point := range []string{"inbox.after_commit", "order.before_commit:4", "order.after_commit:4"} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			others, p, lamp := s.newPeers(), s.customer(), s.catalogue.lamp()
			crash := s.spawn(point)
			var placed []string
			for range 3 {
				o := p.place(item(lamp, 1))
				placed = append(placed, o.ID)
			}
			for _, id := range placed {
				others.say(reserved(t, id), capturedAmount(t, id, 500, "USD"))
			}
			crash.killed(t)

			s.spawn("")
			for _, id := range placed {
				p.await(id, "confirmed")
				others.hears(id, events.OrderPlaced, events.OrderConfirmed)
			}
			require.Equal(t, 3, s.count("select count(*) from outbox where type = 'order.confirmed'"))
			require.Equal(t, 3, s.count("select count(*) from order_events where type = 'order.confirmed'"))
			require.Equal(t, 6, s.count("select count(*) from inbox"))
			s.invariants()
		})
	}
}

// SIGTERM under load: whatever a client sent is answered, who comes later is refused, and what was committed is published
// before the process ends.
func TestStop_P47_NoRequestFailsAndTheOutboxIsFlushed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	p, wish := s.customer(), body(item(s.catalogue.lamp(), 1))
	service := s.spawn("")
	var wg sync.WaitGroup
	var mu sync.Mutex
	placed := 0
	for range 4 {
		wg.Go(func() {
			for {
				r, err := p.try(http.MethodPost, orders, wish, "Idempotency-Key", key())
				if errors.Is(err, syscall.ECONNREFUSED) {
					return // nobody listens any more: a client goes to another instance
				}
				if err != nil || r.Status != http.StatusCreated {
					t.Errorf("a request failed: %v %d %s", err, r.Status, r.Body)
					return
				}
				mu.Lock()
				placed++
				if placed == 20 {
					_ = service.Process.Signal(syscall.SIGTERM)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	<-service.ended
	require.Zero(t, service.state.ExitCode(), service.log.String())
	require.GreaterOrEqual(t, placed, 20)
	require.Equal(t, placed, s.count("select count(*) from orders"))
	require.Zero(t, s.count("select count(*) from outbox where sent_at is null"))
}

func TestOutage_P49_WithoutTheBrokerOrdersAreTaken(t *testing.T) {
	t.Parallel()
	broker := servers.Rabbit(t)
	s := newShop(t)
	s.config.RabbitURL = secret(broker.URL)
	s.run()
	broker.Stop(t)
	testkit.Eventually(t, within, func() bool { return s.health() == "degraded" })
	p := s.customer()
	o := p.place(item(s.catalogue.lamp(), 1))
	require.NoError(t, s.probe(http.StatusOK), "still ready")
	require.Equal(t, 1, s.count("select count(*) from outbox where sent_at is null"))

	broker.Start(t)
	others := s.newPeers()
	others.hears(o.ID, events.OrderPlaced)
	testkit.Eventually(t, within, func() bool { return s.health() == "ready" })
}

func TestOutage_P49_WithoutTheDatabaseItIsAliveAndNotReady(t *testing.T) {
	t.Parallel()
	database := servers.Postgres(t)
	s := newShop(t)
	s.config.DatabaseURL = secret(database.URL)
	s.run()
	others, p, lamp := s.newPeers(), s.customer(), s.catalogue.lamp()
	o := p.place(item(lamp, 1))

	database.Kill(t)
	testkit.Eventually(t, within, func() error { return s.probe(http.StatusServiceUnavailable) })
	res, err := plain.Get(s.url + "/health/live")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
	r := p.call(http.MethodGet, orders+"/"+o.ID, "")
	require.Equal(t, http.StatusServiceUnavailable, r.Status, r.Body)
	require.Equal(t, "database_unavailable", r.problem(t).Code)
	others.say(captured(t, o)) // waits in its queue

	database.Start(t)
	s.ready()
	p.await(o.ID, "confirmed")
	others.hears(o.ID, events.OrderPlaced, events.OrderConfirmed)
}

func TestStart_P53_FiveReplicasMigrateOnce(t *testing.T) {
	t.Parallel()
	unmigrated := testkit.Database(t, "nothing", fstest.MapFS{"0001_none.up.sql": {}})
	s := newShop(t)
	s.config.DatabaseURL = secret(unmigrated.URL)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 5)
	var urls []string
	for range cap(ended) {
		replica := s.config
		replica.ServerPort = testkit.FreePort(t)
		urls = append(urls, "http://127.0.0.1:"+strconv.Itoa(replica.ServerPort))
		go func() { ended <- app.Run(ctx, replica) }()
	}
	for _, s.url = range urls {
		s.ready()
		s.customer().place(item(s.catalogue.lamp(), 1))
	}
	var placed int
	require.NoError(t, unmigrated.Pool.QueryRow(t.Context(), "select count(*) from order_service.orders").Scan(&placed))
	require.Equal(t, cap(ended), placed)
	cancel()
	for range cap(ended) {
		require.NoError(t, <-ended)
	}
}
