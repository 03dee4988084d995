package repository_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/domain"
	"marketplace/order-service/internal/repository"
	"marketplace/shared/idempotency"
	"marketplace/shared/outbox"
	"marketplace/shared/testkit"
)

// patient gives the store a pool of this size, whose statements wait for locks as long as it takes.
func (s *store) patient(conns int32) {
	config := s.Pool.Config()
	config.MaxConns = conns
	config.ConnConfig.RuntimeParams["lock_timeout"] = "0"
	config.ConnConfig.RuntimeParams["statement_timeout"] = "0"
	pool, err := pgxpool.NewWithConfig(s.t.Context(), config)
	require.NoError(s.t, err)
	s.t.Cleanup(pool.Close)
	s.Orders = repository.New(pool, func([]outbox.Record) {})
}

// busy holds a customer's lock, as another replica does that places an order of theirs, until release is called.
func (s *store) busy(customer string) (release func()) {
	s.t.Helper()
	tx, err := s.Pool.Begin(s.t.Context())
	require.NoError(s.t, err)
	_, err = tx.Exec(s.t.Context(), "set local idle_in_transaction_session_timeout = 0")
	require.NoError(s.t, err)
	_, err = tx.Exec(s.t.Context(), repository.LockCustomer, customer)
	require.NoError(s.t, err)
	release = sync.OnceFunc(func() { _ = tx.Rollback(context.Background()) })
	s.t.Cleanup(release)
	return release
}

// blocked is how many transactions wait for a customer's lock.
func (s *store) blocked() (n int) {
	s.t.Helper()
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select count(*) from pg_locks where locktype = 'advisory' and not granted
		and database = (select oid from pg_database where datname = current_database())`).Scan(&n))
	return n
}

func TestTurns_P60_OneCustomersOrdersLeaveThePoolToOthers(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.patient(2)
	one := somebody()
	release := s.busy(one.CustomerID)
	var started, ended sync.WaitGroup
	started.Add(50)
	for range 50 {
		ended.Go(func() {
			started.Done()
			if _, err := s.placeAs(one, time.Hour); err != nil {
				t.Error(err)
			}
		})
	}
	started.Wait()
	testkit.Eventually(t, within, func() bool { return s.blocked() == 1 })

	served := make(chan error)
	go func() {
		for range 20 {
			_, err := s.placeAs(somebody(), time.Hour)
			served <- err
		}
	}()
	for range 20 {
		select {
		case err := <-served:
			require.NoError(t, err)
		case <-time.After(within):
			t.Error("another customer waits for a connection")
			release()
			require.NoError(t, <-served)
		}
	}
	require.Equal(t, 1, s.blocked(), "of fifty")
	release()
	ended.Wait()
	s.sound(70)
	require.Zero(t, s.Lines(), "nobody waits, and nothing is remembered")
}

func TestTurns_P60_WhoeverWaitsCanHangUpAndKeepsTheirKeyBusy(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.patient(2)
	one := somebody()
	one.Limits.OpenOrders = 2
	release := s.busy(one.CustomerID)
	first, second := make(chan error), make(chan error)
	go func() {
		_, err := s.placeAs(one, time.Hour)
		first <- err
	}()
	testkit.Eventually(t, within, func() bool { return s.blocked() == 1 })

	ctx, hangUp := context.WithCancel(t.Context())
	keyed := repository.Answer{Key: idempotency.Key{User: one.CustomerID, Route: "POST /orders", Key: "k"}, Render: silent.Render}
	never := func(string, time.Time, domain.Standing) (domain.Order, []domain.Event, error) {
		return domain.Order{}, nil, errors.New("its turn has not come")
	}
	go func() {
		_, _, err := s.Create(ctx, one, "", never, keyed)
		second <- err
	}()
	testkit.Eventually(t, within, func() bool { return s.Placing(one.CustomerID) == 2 })
	_, _, err := s.Create(ctx, one, "", never, keyed)
	require.ErrorIs(t, err, idempotency.ErrInProgress)
	_, _, err = s.Create(ctx, one, "", never, silent)
	require.ErrorIs(t, err, domain.ErrOpenOrders, "more than may be open do not wait")

	hangUp()
	require.ErrorIs(t, <-second, context.Canceled)
	release()
	require.NoError(t, <-first)
	_, err = s.placeAs(one, time.Hour)
	require.NoError(t, err)
	require.Zero(t, s.Lines())
}
