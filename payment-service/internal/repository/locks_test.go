package repository

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/domain"
)

// Webhooks, answers and claims about the same refunds, in opposite orders. They deadlocked while a webhook's look-up changed
// refunds without the lock of their payments.
func TestLocks_WebhooksAnswersAndClaimsOfTheSameRefundsNeverDeadlock(t *testing.T) {
	t.Parallel()
	repo, pool := quiet(t)
	const n, rounds = 20, 30
	var hints []domain.Hint
	var answers []domain.Change
	for i := range n {
		id, orderID := stand(t, pool, domain.Called, false, new(intent))
		refund, cause := uuid.NewString(), "support:"+strconv.Itoa(i)
		_, err := pool.Exec(t.Context(), `update payments set state = 'captured', captured_amount = 100, refunding_amount = 100, next_at = null where id = $1`, id)
		require.NoError(t, err)
		_, err = pool.Exec(t.Context(), `insert into refunds (id, payment_id, cause, amount, currency, status, provider_refund_id, next_at)
			values ($1, $2, $3, 100, 'USD', 'pending', 're_' || $3, now())`, refund, id, cause)
		require.NoError(t, err)
		hints = append(hints, domain.Hint{Type: "refund.updated", Kind: domain.HintRefund, OccurredAt: time.Now(), PaymentID: id, RefundID: refund})
		answers = append(answers, domain.Change{OrderID: orderID, Input: domain.RefundUnsettled{Cause: cause, ProviderID: "re_" + cause}, Answer: true})
	}
	slices.Reverse(answers)
	var all sync.WaitGroup
	failures := make(chan error, 3*2*rounds)
	run := func(do func() error) {
		all.Go(func() {
			for range rounds {
				failures <- do()
			}
		})
	}
	for range 2 {
		run(func() error {
			set := slices.Clone(hints)
			for i := range set {
				set[i].EventID = uuid.NewString()
			}
			_, err := repo.Heed(context.Background(), set, decide)
			return err
		})
		run(func() error {
			_, err := repo.Update(context.Background(), answers, decide, 0)
			return err
		})
		run(func() error {
			_, err := repo.ClaimRefunds(context.Background(), n)
			return err
		})
	}
	all.Wait()
	close(failures)
	for err := range failures {
		require.NoError(t, err)
	}
}
