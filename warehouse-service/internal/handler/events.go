package handler

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/warehouse-service/internal/domain"
)

// Fulfiller applies what orders say.
type Fulfiller interface {
	Apply(ctx context.Context, changes []domain.Change) error
}

// Events takes the messages of the queue warehouse.events.v1.
type Events struct{ Fulfilling Fulfiller }

// Known says whether this build handles messages of the type.
func (h *Events) Known(eventType string) bool {
	return slices.Contains(events.Subscriptions()[events.WarehouseQueue], eventType)
}

// Handle decodes a batch and makes one call of it. A message that cannot be read refuses the batch; the consumer then
// takes it apart.
func (h *Events) Handle(ctx context.Context, batch []rabbit.Message) error {
	changes := make([]domain.Change, len(batch))
	for i, m := range batch {
		orderID, input, err := read(m)
		if err != nil {
			return fmt.Errorf("message %s: %w", m.ID, err)
		}
		changes[i] = domain.Change{OrderID: orderID, Input: input, MessageID: m.ID, Trace: telemetry.Traceparent(m.Context(ctx))}
	}
	return h.Fulfilling.Apply(ctx, changes)
}

// FromJSON reads the body of a message as a person wrote it, and refuses what Handle could not read.
func FromJSON(eventType string, text []byte) ([]byte, error) {
	body, err := events.FromJSON(eventType, text)
	if err != nil {
		return nil, err
	}
	_, _, err = read(rabbit.Message{Type: eventType, Body: body})
	return body, err
}

var errNotOurs = errors.New("not a message for the warehouse")

// read is what a message says about which order.
func read(m rabbit.Message) (orderID string, input domain.Input, err error) {
	decoded, known, err := events.Decode(m.Type, m.Body)
	if err != nil {
		return "", nil, err
	}
	if !known {
		return "", nil, errNotOurs
	}
	if input, err = inputOf(decoded); err != nil {
		return "", nil, fmt.Errorf("%s: %w", m.Type, err)
	}
	id, err := uuid.Parse(decoded.(interface{ GetOrderId() string }).GetOrderId())
	if err != nil {
		return "", nil, fmt.Errorf("%s without a valid order id", m.Type)
	}
	return id.String(), input, nil
}

func inputOf(decoded proto.Message) (domain.Input, error) {
	switch e := decoded.(type) {
	case *eventsv1.OrderPlaced:
		return placedOf(e)
	case *eventsv1.OrderConfirmed:
		shipTo, err := proto.Marshal(e.GetShipTo())
		return domain.OrderConfirmed{ShipTo: shipTo}, err
	case *eventsv1.OrderCancelRequested:
		return domain.OrderCancelRequested{}, nil
	case *eventsv1.OrderCancelled:
		return domain.OrderCancelled{}, nil
	}
	return nil, errNotOurs
}

// placedOf keeps the payment envelope as it is: it is not the warehouse's to read.
func placedOf(e *eventsv1.OrderPlaced) (domain.Input, error) {
	payment, err := proto.Marshal(e.GetPayment())
	if err != nil {
		return nil, err
	}
	if err := e.GetDeadline().CheckValid(); err != nil {
		return nil, fmt.Errorf("deadline: %w", err)
	}
	placed := domain.OrderPlaced{Deadline: e.GetDeadline().AsTime(), Payment: payment}
	for _, l := range e.GetLines() {
		id, err := uuid.Parse(l.GetProductId())
		if err != nil {
			return nil, errors.New("a line without a valid product id")
		}
		placed.Lines = append(placed.Lines, domain.Line{ProductID: id.String(), Quantity: l.GetQuantity()})
	}
	return placed, nil
}
