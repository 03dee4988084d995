package service_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/repository"
	"marketplace/payment-service/internal/service"
	"marketplace/payment-service/migrations"
	"marketplace/shared/idempotency"
	"marketplace/shared/money"
	"marketplace/shared/outbox"
	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
)

const schema = "payment_service"

// When nobody knows whether the commit arrived, the key's record says it: one refund, and its reply.
func TestRefund_P18_ACutAtCommitRefundsOnce(t *testing.T) {
	t.Parallel()
	for name, delivered := range map[string]bool{"the commit arrived": true, "the commit was lost": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := testkit.Database(t, schema, migrations.Files)
			proxy := testkit.NewCutter(t, db.URL)
			pool, err := postgres.Open(t.Context(), postgres.Config{URL: proxy.URL, Schema: schema, MaxConns: 2})
			require.NoError(t, err)
			t.Cleanup(pool.Close)
			payments, paymentID := quiet(pool), captured(t, db.Pool)

			proxy.Arm(delivered)
			reply, err := ask(t, payments, paymentID)
			if delivered {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, postgres.ErrCommitUnknown)
				reply, err = ask(t, payments, paymentID)
				require.NoError(t, err)
			}
			again, err := ask(t, payments, paymentID)
			require.NoError(t, err)
			require.JSONEq(t, string(reply.Body), string(again.Body))
			var refunds, sum int
			require.NoError(t, db.Pool.QueryRow(t.Context(), `select count(*), sum(amount) from refunds`).Scan(&refunds, &sum))
			require.Equal(t, []int{1, 40}, []int{refunds, sum})
		})
	}
}

// quiet is the service without its loops: it asks no processor.
func quiet(pool *pgxpool.Pool) *service.Payments {
	return service.New(service.Options{
		Store:   repository.New(pool, func([]outbox.Record) {}, func() time.Duration { return time.Minute }),
		Metrics: service.NewMetrics(prometheus.NewRegistry()), Log: zerolog.Nop(), Calls: 1,
		Rules: func() domain.Rules { return domain.Rules{} }, Limits: func() domain.Limits { return domain.Limits{} },
	})
}

func captured(t *testing.T, pool *pgxpool.Pool) (paymentID string) {
	t.Helper()
	paymentID = uuid.NewString()
	_, err := pool.Exec(t.Context(), `insert into payments (id, order_id, amount, currency, method, state, captured_amount, marked_at)
		values ($1, $2, 100, 'USD', 'm', 'captured', 100, now())`, paymentID, uuid.NewString())
	require.NoError(t, err)
	return paymentID
}

func ask(t *testing.T, payments *service.Payments, paymentID string) (idempotency.Reply, error) {
	t.Helper()
	return payments.Refund(context.Background(), service.RefundCommand{
		PaymentID: paymentID, Cause: domain.CauseSupport("key"), Amount: money.Money{Amount: 40, Currency: "USD"}, Reason: "x",
	}, service.Answer{
		Key: idempotency.Key{User: "user", Route: "POST /refunds", Key: "key"},
		Render: func(p domain.Payment) (idempotency.Reply, error) {
			body, err := json.Marshal(p.Refunds)
			return idempotency.Reply{Status: 201, Body: body}, err
		},
	})
}
