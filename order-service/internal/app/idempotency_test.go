package app_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/config"
	"marketplace/proto/events"
	"marketplace/shared/testkit"
)

const orders = "/api/v1/orders"

func TestPlace_P19_TheSameKeyGetsTheFirstReply(t *testing.T) {
	t.Parallel()
	s := open(t)
	p, wish, k := s.customer(), body(item(s.catalogue.lamp(), 1)), key()
	first := p.call(http.MethodPost, orders, wish, "Idempotency-Key", k)
	require.Equal(t, http.StatusCreated, first.Status, first.Body)

	s.catalogue.away.Store(true) // a replay asks nobody
	for range 3 {
		again := p.call(http.MethodPost, orders, wish, "Idempotency-Key", k)
		require.Equal(t, first.Status, again.Status)
		require.Equal(t, first.Body, again.Body)
		for _, name := range []string{"ETag", "Location", "Content-Type"} {
			require.NotEmpty(t, first.Header.Get(name))
			require.Equal(t, first.Header.Get(name), again.Header.Get(name))
		}
	}
	require.Equal(t, 1, s.count("select count(*) from orders"))
	require.Equal(t, 1, s.count("select count(*) from outbox"))
	require.Equal(t, 1, s.count("select count(*) from idempotency_keys"))
}

func TestPlace_P20_TheSameKeyWithAnotherBodyIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	p, lamp, k := s.customer(), s.catalogue.lamp(), key()
	require.Equal(t, http.StatusCreated, p.call(http.MethodPost, orders, body(item(lamp, 1)), "Idempotency-Key", k).Status)
	r := p.call(http.MethodPost, orders, body(item(lamp, 2)), "Idempotency-Key", k)
	require.Equal(t, http.StatusUnprocessableEntity, r.Status)
	require.Equal(t, "idempotency_key_reused", r.problem(t).Code)
	require.Equal(t, 1, s.count("select count(*) from orders"))
}

func TestPlace_P21_AKeyIsBusyWhileItsRequestRuns(t *testing.T) {
	t.Parallel()
	s := open(t, func(c *config.Config) { c.MaxConns = max(c.MaxConns, 2) }) // two requests are inside at once
	p, wish, k := s.customer(), body(item(s.catalogue.lamp(), 1)), key()
	tx, err := s.db.Pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "lock table order_items in exclusive mode") // the first request waits, in its transaction
	require.NoError(t, err)

	first := make(chan reply, 1)
	go func() {
		r, _ := p.try(http.MethodPost, orders, wish, "Idempotency-Key", k)
		first <- r
	}()
	testkit.Eventually(t, within, func() bool {
		return s.count("select count(*) from pg_locks where relation = 'order_items'::regclass and not granted") == 1
	})
	busy := p.call(http.MethodPost, orders, wish, "Idempotency-Key", k)
	require.Equal(t, http.StatusConflict, busy.Status, busy.Body)
	require.Equal(t, "request_in_progress", busy.problem(t).Code)
	require.NotEmpty(t, busy.Header.Get("Retry-After"))

	require.NoError(t, tx.Rollback(t.Context()))
	done := <-first
	require.Equal(t, http.StatusCreated, done.Status, done.Body)
	require.Equal(t, done.Body, p.call(http.MethodPost, orders, wish, "Idempotency-Key", k).Body)
	require.Equal(t, 1, s.count("select count(*) from orders"))
}

func TestPlace_P21_TwentyAtOnceMakeOneOrder(t *testing.T) {
	t.Parallel()
	s := open(t)
	p, wish, k := s.customer(), body(item(s.catalogue.lamp(), 1)), key()
	replies := make([]reply, 20)
	var wg sync.WaitGroup
	for i := range replies {
		wg.Go(func() { replies[i], _ = p.try(http.MethodPost, orders, wish, "Idempotency-Key", k) })
	}
	wg.Wait()
	created := map[string]bool{}
	for _, r := range replies {
		if r.Status == http.StatusCreated {
			created[r.Body] = true
			continue
		}
		require.Equal(t, http.StatusConflict, r.Status, r.Body)
		require.Equal(t, "request_in_progress", r.problem(t).Code)
	}
	require.Len(t, created, 1)
	require.Equal(t, 1, s.count("select count(*) from orders"))
}

func TestPlace_P22_AKeyIsItsUsersOwn(t *testing.T) {
	t.Parallel()
	s := open(t)
	wish, k := body(item(s.catalogue.lamp(), 1)), key()
	alice, bob := s.customer(), s.customer()
	a := alice.call(http.MethodPost, orders, wish, "Idempotency-Key", k).order(t)
	b := bob.call(http.MethodPost, orders, wish, "Idempotency-Key", k).order(t)
	require.NotEqual(t, a.ID, b.ID)
	require.Equal(t, bob.id, b.CustomerID)

	r := alice.call(http.MethodPost, orders+"/"+a.ID+"/cancel", `{}`, "Idempotency-Key", k)
	require.Equal(t, http.StatusOK, r.Status, "another route, another key")
}

func TestPlace_P18_AnUnknownCommitMakesOneOrder(t *testing.T) {
	t.Parallel()
	for name, deliver := range map[string]bool{"it arrived": true, "it was lost": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			proxy := testkit.NewCutter(t, s.db.URL)
			s.config.DatabaseURL = secret(proxy.URL)
			s.run()
			others := s.newPeers()
			p, wish, k := s.customer(), body(item(s.catalogue.lamp(), 1)), key()

			proxy.Arm(deliver)
			r := p.call(http.MethodPost, orders, wish, "Idempotency-Key", k)
			if !deliver {
				require.Equal(t, http.StatusServiceUnavailable, r.Status, r.Body)
				require.Equal(t, "commit_unknown", r.problem(t).Code)
				require.NotEmpty(t, r.Header.Get("Retry-After"))
				r = p.call(http.MethodPost, orders, wish, "Idempotency-Key", k)
			}
			o := r.order(t)
			require.Equal(t, http.StatusCreated, r.Status, r.Body)
			require.Equal(t, 1, s.count("select count(*) from orders"))
			others.hears(o.ID, events.OrderPlaced)
		})
	}
}

func TestConsume_P18_AnUnknownCommitHasOneEffect(t *testing.T) {
	t.Parallel()
	for name, deliver := range map[string]bool{"it arrived": true, "it was lost": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			proxy := testkit.NewCutter(t, s.db.URL)
			s.config.DatabaseURL = secret(proxy.URL)
			s.run()
			others, p := s.newPeers(), s.customer()
			o := p.place(item(s.catalogue.lamp(), 1))

			proxy.Arm(deliver)
			others.say(captured(t, o))
			p.await(o.ID, "confirmed")
			others.hears(o.ID, events.OrderPlaced, events.OrderConfirmed)
			require.Equal(t, []string{"order.placed", "order.confirmed"}, p.timeline(o.ID))
			require.Equal(t, 1, s.count("select count(*) from outbox where type = 'order.confirmed'"))
		})
	}
}

func TestOutbox_P2_ARowThatCommitsLaterIsNotSkipped(t *testing.T) {
	t.Parallel()
	s := open(t)
	others, p, lamp := s.newPeers(), s.customer(), s.catalogue.lamp()
	const early = "01900000-0000-7000-8000-000000000001"
	tx, err := s.db.Pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(t.Context()) }()
	hold(t, tx, early)

	o := p.place(item(lamp, 1))
	others.hears(o.ID, events.OrderPlaced)
	require.Empty(t, others.types(early))
	require.NoError(t, tx.Commit(t.Context()))
	others.hears(early, events.OrderCancelled)
}

// hold writes an outbox row in a transaction that stays open.
func hold(t *testing.T, tx pgx.Tx, id string) {
	t.Helper()
	_, err := tx.Exec(t.Context(), `insert into outbox (id, type, subject, body, headers, occurred_at, retry_at)
		values ($1, $2, $3, '', '{}', now(), now())`, id, events.OrderCancelled, id)
	require.NoError(t, err)
}
