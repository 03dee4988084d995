package service_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/migrations"
	"marketplace/shared/testkit"
)

// A webhook that cannot be stored is refused; the others of its set are recorded.
func TestHeed_OneFailingHintDoesNotFailTheOthersOfItsSet(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, schema, migrations.Files)
	payments := quiet(db.Pool)
	const n = 20
	errs := make([]error, n)
	var callers, loop sync.WaitGroup
	for i := range n {
		callers.Go(func() {
			id := uuid.NewString()
			if i == 7 {
				id = "evt\x00" // no text for PostgreSQL
			}
			errs[i] = payments.Heed(context.Background(), domain.Hint{EventID: id, Type: "t", Kind: domain.HintIntent, OccurredAt: time.Now()})
		})
	}
	ctx, cancel := context.WithCancel(context.Background())
	loop.Go(func() { _ = payments.RunHints(ctx) }) // those that wait by now are one set
	callers.Wait()
	cancel()
	loop.Wait()
	for i, err := range errs {
		if i == 7 {
			require.Error(t, err)
		} else {
			require.NoError(t, err)
		}
	}
	var recorded int
	require.NoError(t, db.Pool.QueryRow(t.Context(), `select count(*) from webhooks`).Scan(&recorded))
	require.Equal(t, n-1, recorded)
}
