package events

import (
	"testing"
)

func TestSubscriptions_EveryTypeHasASubscriberAndASchema(t *testing.T) {
	types := []string{
		OrderPlaced, OrderConfirmed, OrderCancelRequested, OrderCancelled, StockReserved, StockRejected, PaymentCaptured,
		PaymentFailed, PaymentRefunded, ShipmentDispatched, ShipmentDelivered, ShipmentCancelled,
	}
	heard := map[string]bool{}
	for _, bound := range Subscriptions() {
		for _, eventType := range bound {
			heard[eventType] = true
		}
	}
	if len(heard) != len(types) {
		t.Errorf("%d event types have a queue, want %d", len(heard), len(types))
	}
	for _, eventType := range types {
		if !heard[eventType] {
			t.Errorf("%s has no queue: it would be returned by the broker for ever", eventType)
		}
		if _, ok, err := Decode(eventType, nil); !ok || err != nil {
			t.Errorf("%s has no schema: ok %v, err %v", eventType, ok, err)
		}
	}
}

func TestDecode_UnknownTypeIsNoError(t *testing.T) {
	if _, ok, err := Decode("order.teleported", nil); ok || err != nil {
		t.Errorf("ok %v, err %v; want an unknown type to be said so", ok, err)
	}
}

func TestDecode_GarbageIsAnError(t *testing.T) {
	if _, ok, err := Decode(OrderPlaced, []byte{0xff, 0xff}); !ok || err == nil {
		t.Errorf("ok %v, err %v; want an error for a body that is no protobuf", ok, err)
	}
}
