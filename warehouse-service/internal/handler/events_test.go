package handler_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/proto/events"
	"marketplace/warehouse-service/internal/handler"
)

// What a person writes for a parked message is what Handle could read, or is refused with the reason.
func TestFromJSON_IsWhatHandleCanRead(t *testing.T) {
	t.Parallel()
	const good = `{"orderId":"00000000-0000-7000-9000-000000000007"}`
	body, err := handler.FromJSON(events.OrderCancelled, []byte(good))
	require.NoError(t, err)
	text, err := events.ToJSON(events.OrderCancelled, body)
	require.NoError(t, err)
	require.JSONEq(t, good, string(text))
	for _, c := range []struct{ eventType, text, want string }{
		{events.OrderCancelled, `{"order":"00000000-0000-7000-9000-000000000007"}`, `unknown field "order"`},
		{events.OrderCancelled, `{"orderId":"7"}`, `without a valid order id`},
		{events.OrderPlaced, `{"orderId":"00000000-0000-7000-9000-000000000007","deadline":"2026-01-01T00:00:00Z","lines":[{"productId":"7","quantity":"1"}]}`, `a line without a valid product id`},
		{events.StockReserved, `{"orderId":"00000000-0000-7000-9000-000000000007"}`, `not a message for the warehouse`},
		{"order.teleported", `{}`, `does not know the type`},
	} {
		_, err := handler.FromJSON(c.eventType, []byte(c.text))
		require.ErrorContains(t, err, c.want, c.text)
	}
}
