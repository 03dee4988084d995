package client_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/client"
	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/sandbox/sandboxtest"
	"marketplace/shared/testkit"
)

func refund(id, intentID string, amount int64) client.RefundRequest {
	return client.RefundRequest{RefundID: id, PaymentID: "p1", IntentID: intentID, Amount: cents(amount), Key: "ref_" + id}
}

func TestRefund_Facts(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	paid, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.NoError(t, err)

	done, err := a.Refund(t.Context(), refund("r1", paid.IntentID, 299))
	require.NoError(t, err)
	require.Equal(t, client.Refund{
		State: domain.RefundDone, ProviderID: done.ProviderID, IntentID: paid.IntentID, Amount: cents(299),
		RefundID: "r1", PaymentID: "p1",
	}, done)
	again, err := a.Refund(t.Context(), refund("r1", paid.IntentID, 299))
	require.NoError(t, err)
	require.Equal(t, done, again)
	read, err := a.RetrieveRefund(t.Context(), done.ProviderID)
	require.NoError(t, err)
	require.Equal(t, done, read)
	found, ok, err := a.FindRefund(t.Context(), paid.IntentID, "r1")
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, done, found)
	_, ok, err = a.FindRefund(t.Context(), paid.IntentID, "r2")
	require.NoError(t, err)
	require.False(t, ok)

	over, err := a.Refund(t.Context(), refund("r3", paid.IntentID, 1001))
	require.NoError(t, err)
	require.Equal(t, domain.RefundFailed, over.State, "refused: more than is left")
	require.Equal(t, 299, s.Count(`SELECT sum(amount) FROM refunds`))
}

func TestRefund_P24_ForgottenKeyDoesNotRefundTwice(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	paid, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.NoError(t, err)
	done, err := a.Refund(t.Context(), refund("r1", paid.IntentID, 1299))
	require.NoError(t, err)
	_, err = s.DB.Pool.Exec(t.Context(), `DELETE FROM idempotency_keys`)
	require.NoError(t, err)
	again, err := a.Refund(t.Context(), refund("r1", paid.IntentID, 1299))
	require.NoError(t, err)
	require.Equal(t, done, again, "nothing is left because it was done: not a failure")
}

func TestFindRefund_OneAmongMany(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	paid, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.NoError(t, err)
	done, err := a.Refund(t.Context(), refund("r1", paid.IntentID, 299))
	require.NoError(t, err)
	_, err = s.DB.Pool.Exec(t.Context(), `
INSERT INTO refunds (id, intent_id, charge_id, amount, currency, status, created_at)
SELECT 're_x' || n, intent_id, charge_id, 1, currency, 'succeeded', now() + n * interval '1 ms' FROM refunds, generate_series(1, 600) n`)
	require.NoError(t, err)
	found, ok, err := a.FindRefund(t.Context(), paid.IntentID, "r1")
	require.NoError(t, err)
	require.True(t, ok, "to stop early and say that there is none would refund twice")
	require.Equal(t, done, found)
}

func TestRefund_LateEnds(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	for method, want := range map[string][2]domain.RefundState{
		"pm_card_pendingRefund":    {domain.RefundPending, domain.RefundDone},
		"pm_sandbox_refundRefused": {domain.RefundPending, domain.RefundFailed},
		"pm_card_refundFail":       {domain.RefundDone, domain.RefundFailed},
	} {
		paid, err := a.Charge(t.Context(), charge(method, method))
		require.NoError(t, err)
		first, err := a.Refund(t.Context(), refund(method, paid.IntentID, 100))
		require.NoError(t, err)
		require.Equal(t, want[0], first.State, method)
		testkit.Eventually(t, time.Minute, func() bool {
			got, err := a.RetrieveRefund(t.Context(), first.ProviderID)
			require.NoError(t, err)
			return got.State == want[1]
		}, method)
	}
}

func TestRefund_P29_ParallelNeverExceedTheCharge(t *testing.T) {
	t.Parallel()
	s := sandboxtest.Start(t)
	a := adapter(t, s.URL)
	paid, err := a.Charge(t.Context(), charge("p1", "pm_card_visa"))
	require.NoError(t, err)
	var wg sync.WaitGroup
	var mu sync.Mutex
	kinds := map[domain.RefundState]int{}
	for i := range 20 {
		wg.Go(func() {
			got, err := a.Refund(context.Background(), refund(string(rune('a'+i)), paid.IntentID, 400))
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				kinds["error"]++
			}
			kinds[got.State]++
		})
	}
	wg.Wait()
	require.Equal(t, map[domain.RefundState]int{domain.RefundDone: 3, domain.RefundFailed: 17}, kinds)
}
