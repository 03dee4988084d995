// Package events names the saga's events and says who hears them.
//
// The table below is the whole topology: every service declares all of it before it publishes, so that no event is lost
// to a subscriber that never started. A queue's name carries a version, because a queue's arguments can never change.
package events

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	eventsv1 "marketplace/proto/events/v1"
)

// Exchange is the one topic exchange; an event's type is its routing key.
const Exchange = "marketplace.events"

// The event types: the routing key and the CloudEvents type.
const (
	OrderPlaced          = "order.placed"
	OrderConfirmed       = "order.confirmed"
	OrderCancelRequested = "order.cancel_requested"
	OrderCancelled       = "order.cancelled"
	StockReserved        = "stock.reserved"
	StockRejected        = "stock.rejected"
	PaymentCaptured      = "payment.captured"
	PaymentFailed        = "payment.failed"
	PaymentRefunded      = "payment.refunded"
	ShipmentDispatched   = "shipment.dispatched"
	ShipmentDelivered    = "shipment.delivered"
	ShipmentCancelled    = "shipment.cancelled"
)

// The queues: one per subscribing service.
const (
	OrderQueue     = "order.events.v1"
	WarehouseQueue = "warehouse.events.v1"
	PaymentQueue   = "payment.events.v1"
)

// Subscriptions returns each queue with the event types bound to it.
func Subscriptions() map[string][]string {
	return map[string][]string{
		OrderQueue: {
			StockReserved, StockRejected, PaymentCaptured, PaymentFailed, PaymentRefunded,
			ShipmentDispatched, ShipmentDelivered, ShipmentCancelled,
		},
		WarehouseQueue: {OrderPlaced, OrderConfirmed, OrderCancelRequested, OrderCancelled},
		PaymentQueue:   {StockReserved, OrderCancelled, ShipmentDispatched},
	}
}

// Decode parses the body of an event of the given type. ok is false when this build does not know the type; a newer
// replica may. The error says that the body is not what the type promises.
func Decode(eventType string, body []byte) (msg proto.Message, ok bool, err error) {
	msg, ok = empty(eventType)
	if !ok {
		return nil, false, nil
	}
	if err := proto.Unmarshal(body, msg); err != nil {
		return nil, true, fmt.Errorf("decode %s: %w", eventType, err)
	}
	return msg, true, nil
}

func empty(eventType string) (proto.Message, bool) {
	switch eventType {
	case OrderPlaced:
		return new(eventsv1.OrderPlaced), true
	case OrderConfirmed:
		return new(eventsv1.OrderConfirmed), true
	case OrderCancelRequested:
		return new(eventsv1.OrderCancelRequested), true
	case OrderCancelled:
		return new(eventsv1.OrderCancelled), true
	case StockReserved:
		return new(eventsv1.StockReserved), true
	case StockRejected:
		return new(eventsv1.StockRejected), true
	case PaymentCaptured:
		return new(eventsv1.PaymentCaptured), true
	case PaymentFailed:
		return new(eventsv1.PaymentFailed), true
	case PaymentRefunded:
		return new(eventsv1.PaymentRefunded), true
	case ShipmentDispatched:
		return new(eventsv1.ShipmentDispatched), true
	case ShipmentDelivered:
		return new(eventsv1.ShipmentDelivered), true
	case ShipmentCancelled:
		return new(eventsv1.ShipmentCancelled), true
	}
	return nil, false
}
