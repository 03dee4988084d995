package faults

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
	"marketplace/infrastructure/e2e/cluster"
)

// payment-service starts for the first time, on a broker where nobody ever declared its queue but the others, after
// orders were placed: they are confirmed.
func TestLate_P9_PaymentStartsLast(t *testing.T) {
	t.Parallel()
	m := open(t, cluster.Options{Absent: []string{"payment-service"}})
	var ids []string
	for range 5 {
		ids = append(ids, m.Shopper.Place(t, client.OrderOf(m.plenty, 1, "pm_card_visa")).ID)
	}
	require.Eventually(t, func() bool { return m.count(t, "reserved") == len(ids) }, healed, 50*time.Millisecond)

	payment := m.Process("payment-service")
	payment.Start(t)
	payment.WaitReady(t)
	for _, id := range ids {
		require.Equal(t, "confirmed", m.Shopper.Settled(t, id).Status)
		m.Note(id)
	}
	m.settle(t)
}

// The processor charges, but answers only after the order's deadline: the money goes back, once.
func TestLate_P27_ChargeAfterTheDeadlineIsRefunded(t *testing.T) {
	t.Parallel()
	m := open(t, cluster.Options{Env: map[string][]string{"order-service": {"ORDER_DEADLINE=3s"}}})
	m.runs(t) // or the deadline passes before there is a charge
	m.Misbehave(t, map[string]any{"match": creation, "effect": "delay_after", "delay_ms": 6000})
	placed := m.Shopper.Place(t, client.OrderOf(m.plenty, 1, "pm_card_visa"))
	m.Note(placed.ID)

	var order client.Order
	require.Eventually(t, func() bool {
		m.Shopper.Get(t, "/api/v1/orders/"+placed.ID, &order)
		return order.Status == "cancelled"
	}, healed, 50*time.Millisecond)
	require.Equal(t, "timed_out", order.CancelReason.Code)
	require.Eventually(t, func() bool { return m.payment(t, placed.ID) == "refunded" }, healed, 50*time.Millisecond)
	m.settle(t)
	var refunds, intents int
	require.NoError(t, m.DB.QueryRow(t.Context(), `
		SELECT count(DISTINCT refunds.id), count(DISTINCT intents.id)
		FROM sandbox.intents LEFT JOIN sandbox.refunds ON refunds.intent_id = intents.id
		WHERE intents.order_id = $1`, placed.ID).Scan(&refunds, &intents))
	require.Equal(t, 1, refunds)
	require.Equal(t, 1, intents)
}

// runs returns once an order has gone all the way: after a start, everybody's connection to the broker takes a while.
func (m *market) runs(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(healed)
	for m.Shopper.Settled(t, m.Shopper.Place(t, client.OrderOf(m.plenty, 1, "pm_card_visa")).ID).Status != "confirmed" {
		require.True(t, time.Now().Before(deadline), "no order is confirmed")
	}
}

// The processor charges and drops the connection: the payment is found again and the order confirmed, with one charge.
func TestLate_P23_ChargeWithoutAnAnswerIsFoundAgain(t *testing.T) {
	t.Parallel()
	m := open(t, cluster.Options{})
	m.Misbehave(t, map[string]any{"match": creation, "effect": "charge_then_drop", "count": 2})
	placed := m.Shopper.Place(t, client.OrderOf(m.plenty, 1, "pm_card_visa"))
	m.Note(placed.ID)
	require.Equal(t, "confirmed", m.Shopper.Settled(t, placed.ID).Status)
	m.settle(t)
}

// creation matches the request that charges.
var creation = map[string]any{"method": http.MethodPost, "path": "/v1/payment_intents"}

func (m *market) count(t *testing.T, status string) int {
	t.Helper()
	var count int
	require.NoError(t, m.DB.QueryRow(t.Context(), "SELECT count(*) FROM order_service.orders WHERE status = $1", status).Scan(&count))
	return count
}

func (m *market) payment(t *testing.T, order string) string {
	t.Helper()
	var list struct {
		Items []struct {
			Status string `json:"status"`
		} `json:"items"`
	}
	reply := m.Shopper.Do(t, http.MethodGet, "/api/v1/payments?order_id="+order, nil).Want(t, http.StatusOK)
	require.NoError(t, json.Unmarshal(reply.Body, &list))
	if len(list.Items) != 1 {
		return ""
	}
	return list.Items[0].Status
}
