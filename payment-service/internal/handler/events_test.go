package handler_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/payment-service/internal/handler"
	"marketplace/proto/events"
)

// What a person writes for a parked message is what Handle could read, or is refused with the reason.
func TestFromJSON_IsWhatHandleCanRead(t *testing.T) {
	t.Parallel()
	const good = `{"orderId":"00000000-0000-7000-9000-000000000007","payment":{"customerId":"00000000-0000-7000-a000-000000000007","total":{"amount":"100","currency":"USD"},"method":"pm"}}`
	body, err := handler.FromJSON(events.StockReserved, []byte(good))
	require.NoError(t, err)
	text, err := events.ToJSON(events.StockReserved, body)
	require.NoError(t, err)
	require.JSONEq(t, good, string(text))
	for _, c := range []struct{ eventType, text, want string }{
		{events.StockReserved, `{"orderId":"00000000-0000-7000-9000-000000000007","payment":{"customer":"x"}}`, `unknown field "customer"`},
		{events.ShipmentDispatched, `{"orderId":"7"}`, `order_id is not a UUID`},
		{events.OrderPlaced, `{"orderId":"00000000-0000-7000-9000-000000000007"}`, `not a message for payments`},
		{"order.teleported", `{}`, `does not know the type`},
	} {
		_, err := handler.FromJSON(c.eventType, []byte(c.text))
		require.ErrorContains(t, err, c.want, c.text)
	}
}
