package handler_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/handler"
	"marketplace/proto/events"
)

// What a person writes for a parked message is what Handle could read, or is refused with the reason.
func TestFromJSON_IsWhatHandleCanRead(t *testing.T) {
	t.Parallel()
	const good = `{"orderId":"00000000-0000-7000-9000-000000000007","amount":{"amount":"100","currency":"USD"}}`
	body, err := handler.FromJSON(events.PaymentCaptured, []byte(good))
	require.NoError(t, err)
	text, err := events.ToJSON(events.PaymentCaptured, body)
	require.NoError(t, err)
	require.JSONEq(t, good, string(text))
	for _, c := range []struct{ eventType, text, want string }{
		{events.PaymentCaptured, `{"orderId":"00000000-0000-7000-9000-000000000007","amout":{}}`, `unknown field "amout"`},
		{events.StockReserved, `{"orderId":"7"}`, `without a valid order id`},
		{events.PaymentCaptured, `{"orderId":"00000000-0000-7000-9000-000000000007"}`, `currency`},
		{events.OrderPlaced, `{"orderId":"00000000-0000-7000-9000-000000000007"}`, `not a message for orders`},
		{"order.teleported", `{}`, `does not know the type`},
	} {
		_, err := handler.FromJSON(c.eventType, []byte(c.text))
		require.ErrorContains(t, err, c.want, c.text)
	}
}
