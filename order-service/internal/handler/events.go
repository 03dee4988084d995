package handler

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"marketplace/order-service/internal/domain"
	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	moneyv1 "marketplace/proto/money/v1"
	"marketplace/shared/money"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
)

// Changer applies what other services say.
type Changer interface {
	Apply(ctx context.Context, changes []domain.Change) error
}

// Events takes the messages of the queue order.events.v1.
type Events struct{ Changing Changer }

// Known says whether this build handles messages of the type.
func (h *Events) Known(eventType string) bool {
	return slices.Contains(events.Subscriptions()[events.OrderQueue], eventType)
}

// Handle decodes a batch and makes one call of it. A message that cannot be read refuses the batch; the consumer then
// takes it apart.
func (h *Events) Handle(ctx context.Context, batch []rabbit.Message) error {
	changes := make([]domain.Change, len(batch))
	for i, m := range batch {
		orderID, input, err := fact(m)
		if err != nil {
			return fmt.Errorf("message %s: %w", m.ID, err)
		}
		changes[i] = domain.Change{
			OrderID: orderID, Input: input, Source: m.Source, MessageID: m.ID, Trace: telemetry.Traceparent(m.Context(ctx)),
		}
	}
	return h.Changing.Apply(ctx, changes)
}

// FromJSON reads the body of a message as a person wrote it, and refuses what Handle could not read.
func FromJSON(eventType string, text []byte) ([]byte, error) {
	body, err := events.FromJSON(eventType, text)
	if err != nil {
		return nil, err
	}
	_, _, err = fact(rabbit.Message{Type: eventType, Body: body})
	return body, err
}

var errNotAFact = errors.New("not a message for orders")

// fact is what a message says about which order.
func fact(m rabbit.Message) (orderID string, input domain.Input, err error) {
	decoded, known, err := events.Decode(m.Type, m.Body)
	if err != nil {
		return "", nil, err
	}
	if !known {
		return "", nil, errNotAFact
	}
	if input, err = inputOf(decoded); err != nil {
		return "", nil, err
	}
	id, err := uuid.Parse(decoded.(interface{ GetOrderId() string }).GetOrderId())
	if err != nil {
		return "", nil, fmt.Errorf("%s without a valid order id", m.Type)
	}
	return id.String(), input, nil
}

func inputOf(decoded proto.Message) (domain.Input, error) {
	switch e := decoded.(type) {
	case *eventsv1.StockReserved:
		return domain.StockReserved{}, nil
	case *eventsv1.StockRejected:
		return domain.StockRejected{Shortages: shortagesOf(e.GetShortages())}, nil
	case *eventsv1.PaymentCaptured:
		amount, err := moneyOf(e.GetAmount())
		return domain.PaymentCaptured{Amount: amount}, err
	case *eventsv1.PaymentFailed:
		return domain.PaymentFailed{Code: e.GetCode(), Message: e.GetMessage()}, nil
	case *eventsv1.PaymentRefunded:
		amount, err := moneyOf(e.GetAmount())
		refunded, errAll := moneyOf(e.GetRefunded())
		return domain.PaymentRefunded{Amount: amount, Refunded: refunded, Cause: e.GetCause()}, errors.Join(err, errAll)
	case *eventsv1.ShipmentDispatched:
		return domain.ShipmentDispatched{Number: int(e.GetNumber()), Of: int(e.GetOf()), Tracking: e.GetTrackingNumber()}, nil
	case *eventsv1.ShipmentDelivered:
		return domain.ShipmentDelivered{Number: int(e.GetNumber()), Of: int(e.GetOf())}, nil
	case *eventsv1.ShipmentCancelled:
		return domain.ShipmentCancelled{}, nil
	}
	return nil, errNotAFact
}

func shortagesOf(in []*eventsv1.Shortage) []domain.Shortage {
	out := make([]domain.Shortage, len(in))
	for i, s := range in {
		out[i] = domain.Shortage{ProductID: s.GetProductId(), Wanted: s.GetWanted(), Available: s.GetAvailable()}
	}
	return out
}

func moneyOf(m *moneyv1.Money) (money.Money, error) {
	return money.Read(m.GetAmount(), m.GetCurrency())
}
