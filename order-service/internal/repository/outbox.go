package repository

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"marketplace/order-service/internal/domain"
	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	moneyv1 "marketplace/proto/money/v1"
	"marketplace/shared/outbox"
	"marketplace/shared/telemetry"
)

// records are the messages that follow from the events of an order, in the trace of what caused them.
func records(o domain.Order, happened []domain.Event, trace string) ([]outbox.Record, error) {
	var out []outbox.Record
	for _, e := range happened {
		kind, ok := domain.MessageOf(e)
		if !ok {
			continue
		}
		eventType, payload := message(kind, o)
		body, err := proto.Marshal(payload)
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", kind, err)
		}
		out = append(out, outbox.NewRecord(telemetry.WithTraceparent(context.Background(), trace), eventType, o.ID, body))
	}
	return out, nil
}

// message is what the other services are told about the order.
func message(kind domain.Message, o domain.Order) (eventType string, payload proto.Message) {
	switch kind {
	case domain.MessagePlaced:
		return events.OrderPlaced, orderPlaced(o)
	case domain.MessageConfirmed:
		return events.OrderConfirmed, &eventsv1.OrderConfirmed{OrderId: o.ID, ShipTo: &eventsv1.Address{
			Name: o.Address.Name, Line1: o.Address.Line1, Line2: o.Address.Line2, City: o.Address.City, Region: o.Address.Region,
			PostalCode: o.Address.PostalCode, Country: o.Address.Country, Phone: o.Address.Phone,
		}}
	case domain.MessageCancelRequested:
		return events.OrderCancelRequested, &eventsv1.OrderCancelRequested{OrderId: o.ID}
	case domain.MessageCancelled:
		return events.OrderCancelled, &eventsv1.OrderCancelled{
			OrderId: o.ID, CustomerId: o.CustomerID, Reason: string(o.CancelReason.Code), Total: total(o),
		}
	}
	panic("order message without a shape: " + string(kind))
}

func orderPlaced(o domain.Order) *eventsv1.OrderPlaced {
	placed := &eventsv1.OrderPlaced{
		OrderId:  o.ID,
		Deadline: timestamppb.New(o.Deadline),
		Payment:  &eventsv1.PaymentEnvelope{CustomerId: o.CustomerID, Total: total(o), Method: o.PaymentMethod},
	}
	for _, l := range o.Lines {
		placed.Lines = append(placed.Lines, &eventsv1.OrderLine{ProductId: l.ProductID, Quantity: l.Quantity})
	}
	slices.SortFunc(placed.Lines, func(a, b *eventsv1.OrderLine) int { return strings.Compare(a.ProductId, b.ProductId) })
	return placed
}

func total(o domain.Order) *moneyv1.Money {
	return &moneyv1.Money{Amount: o.Total.Amount, Currency: o.Total.Currency}
}
