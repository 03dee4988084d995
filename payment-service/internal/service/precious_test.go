package service_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace/noop"

	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/repository"
	"marketplace/payment-service/internal/service"
	"marketplace/payment-service/migrations"
	"marketplace/shared/outbox"
	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
)

// paying is a processor that charges, and counts how often it was asked.
type paying struct {
	service.Processor
	asked atomic.Int64
}

func (p *paying) Charge(_ context.Context, pay domain.Payment) (domain.Fact, error) {
	p.asked.Add(1)
	return domain.Fact{Kind: domain.FactSucceeded, IntentID: "pi_" + pay.ID, Captured: pay.Amount}, nil
}

// cutting cuts the connection at the commit of the next answers, by turns before and after the server has got it.
type cutting struct {
	service.Store
	cutter *testkit.Cutter
	left   atomic.Int64
}

func (c *cutting) Update(ctx context.Context, set []domain.Change, d func(domain.Payment, domain.Input) (domain.Payment, domain.Outcome, error), attempts int) (domain.Saved, error) {
	if left := c.left.Add(-1); left >= 0 {
		c.cutter.Arm(left == 0)
	}
	return c.Store.Update(ctx, set, d, attempts)
}

// What the processor has said is saved as soon as the database is there again: nobody waits out the lease, which is a minute
// here, and nothing is asked twice.
func TestCharge_P23_AnswersAreNotThrownAwayForABrokenConnection(t *testing.T) {
	t.Parallel()
	const orders = 10
	db := testkit.Database(t, schema, migrations.Files)
	cutter := testkit.NewCutter(t, db.URL)
	pool, err := postgres.Open(t.Context(), postgres.Config{URL: cutter.URL, Schema: schema, MaxConns: 2})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	for range orders {
		_, err := db.Pool.Exec(t.Context(), `insert into payments (id, order_id, amount, currency, method, state, next_at)
			values ($1, $2, 100, 'USD', 'm', 'processing', now())`, uuid.NewString(), uuid.NewString())
		require.NoError(t, err)
	}
	processor := &paying{}
	store := &cutting{Store: repository.New(pool, func([]outbox.Record) {}, func() time.Duration { return time.Minute }), cutter: cutter}
	store.left.Store(3)
	payments := service.New(service.Options{
		Store: store, Processor: processor, Metrics: service.NewMetrics(prometheus.NewRegistry()), Log: zerolog.Nop(),
		Tracer: noop.NewTracerProvider().Tracer(""), Calls: orders, Timeout: func() time.Duration { return time.Second },
		Rules: func() domain.Rules { return domain.Rules{KeyLife: time.Hour, AuthenticationTime: time.Minute} },
	})
	charging, stopCharging := context.WithCancel(context.Background())
	saving, stopSaving := context.WithCancel(context.Background())
	var charges, answers sync.WaitGroup
	charges.Go(func() { _ = payments.RunCharges(charging) })
	answers.Go(func() { _ = payments.RunAnswers(saving) })
	testkit.Eventually(t, time.Minute, func() bool {
		var captured int
		require.NoError(t, db.Pool.QueryRow(t.Context(), `select count(*) from payments where state = 'captured'`).Scan(&captured))
		return captured == orders
	})
	stopCharging()
	charges.Wait()
	stopSaving()
	answers.Wait()
	require.Negative(t, store.left.Load(), "the connection was cut")
	require.EqualValues(t, orders, processor.asked.Load(), "each was asked about once")
	var entries int
	require.NoError(t, db.Pool.QueryRow(t.Context(), `select count(*) from ledger`).Scan(&entries))
	require.Equal(t, orders, entries)
}
