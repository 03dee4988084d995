package handler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"marketplace/payment-service/internal/domain"
	"marketplace/proto/events"
	eventsv1 "marketplace/proto/events/v1"
	moneyv1 "marketplace/proto/money/v1"
	"marketplace/shared/money"
	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
)

// Applier applies what other services say.
type Applier interface {
	Apply(ctx context.Context, changes []domain.Change) error
}

// Events takes the messages of the queue payment.events.v1.
type Events struct{ Payments Applier }

// Known says whether this build handles messages of the type.
func (h *Events) Known(eventType string) bool {
	return slices.Contains(events.Subscriptions()[events.PaymentQueue], eventType)
}

// Handle decodes a batch and makes one call of it. A message that cannot be read refuses the batch; the consumer then
// takes it apart.
func (h *Events) Handle(ctx context.Context, batch []rabbit.Message) error {
	changes := make([]domain.Change, len(batch))
	for i, m := range batch {
		change, err := changeOf(m)
		if err != nil {
			return fmt.Errorf("message %s: %w", m.ID, err)
		}
		change.MessageID, change.Trace = m.ID, telemetry.Traceparent(m.Context(ctx))
		changes[i] = change
	}
	return h.Payments.Apply(ctx, changes)
}

// FromJSON reads the body of a message as a person wrote it, and refuses what Handle could not read.
func FromJSON(eventType string, text []byte) ([]byte, error) {
	body, err := events.FromJSON(eventType, text)
	if err != nil {
		return nil, err
	}
	_, err = changeOf(rabbit.Message{Type: eventType, Body: body})
	return body, err
}

var (
	errNotForPayments = errors.New("not a message for payments")
	errIncomplete     = errors.New("the message lacks what a payment needs")
)

func changeOf(m rabbit.Message) (domain.Change, error) {
	decoded, _, err := events.Decode(m.Type, m.Body)
	if err != nil {
		return domain.Change{}, err
	}
	switch e := decoded.(type) {
	case *eventsv1.StockReserved:
		return stockReserved(e)
	case *eventsv1.OrderCancelled:
		return orderCancelled(e)
	case *eventsv1.ShipmentDispatched:
		orderID, err := idOf("order_id", e.GetOrderId())
		return domain.Change{OrderID: orderID, Input: domain.ShipmentDispatched{}}, err
	}
	return domain.Change{}, errNotForPayments
}

func stockReserved(e *eventsv1.StockReserved) (domain.Change, error) {
	orderID, err := idOf("order_id", e.GetOrderId())
	customerID, errCustomer := idOf("customer_id", e.GetPayment().GetCustomerId())
	amount, errAmount := moneyOf(e.GetPayment().GetTotal())
	if err := errors.Join(err, errCustomer, errAmount); err != nil {
		return domain.Change{}, err
	}
	if e.GetPayment().GetMethod() == "" {
		return domain.Change{}, fmt.Errorf("%w: method", errIncomplete)
	}
	return domain.Change{OrderID: orderID, Input: domain.StockReserved{
		CustomerID: customerID, Amount: amount, Method: e.GetPayment().GetMethod(), Remaining: remaining(e.GetDeadline()),
	}}, nil
}

// remaining is how long the order may still wait. The limit that it is compared with is many hours, so any clock will do.
func remaining(deadline *timestamppb.Timestamp) time.Duration {
	if deadline == nil {
		return 0
	}
	return time.Until(deadline.AsTime())
}

func orderCancelled(e *eventsv1.OrderCancelled) (domain.Change, error) {
	orderID, err := idOf("order_id", e.GetOrderId())
	total, errTotal := moneyOf(e.GetTotal())
	if err := errors.Join(err, errTotal); err != nil {
		return domain.Change{}, err
	}
	customerID, err := idOf("customer_id", e.GetCustomerId())
	if e.GetCustomerId() != "" && err != nil {
		return domain.Change{}, err
	}
	return domain.Change{OrderID: orderID, Input: domain.OrderCancelled{CustomerID: customerID, Total: total}}, nil
}

func idOf(field, text string) (string, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return "", fmt.Errorf("%w: %s is not a UUID", errIncomplete, field)
	}
	return id.String(), nil
}

func moneyOf(m *moneyv1.Money) (money.Money, error) {
	return money.Read(m.GetAmount(), m.GetCurrency())
}
