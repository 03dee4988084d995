package service

import (
	"context"

	"marketplace/shared/idempotency"
	"marketplace/shared/telemetry"
	"marketplace/warehouse-service/internal/domain"
)

// ShipmentAnswer makes the reply to a command, from the shipment as the command leaves it.
type ShipmentAnswer = idempotency.Answer[domain.ShipmentRow]

type decide = func(f domain.Fulfilment, in domain.Input, stock domain.Stock) (domain.Fulfilment, domain.Outcome, error)

// Fulfilments is where Fulfilling finds what is done about orders, and saves what becomes of it.
type Fulfilments interface {
	Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error)
	Update(ctx context.Context, changes []domain.Change, d decide) ([]domain.Message, error)
	Command(ctx context.Context, c domain.Change, number int, d decide, answer ShipmentAnswer) ([]domain.Message, idempotency.Reply, error)
}

// Shipments finds shipments.
type Shipments interface {
	Shipment(ctx context.Context, id string) (domain.ShipmentRow, error)
}

// Fulfilling holds stock for orders and sends it.
type Fulfilling struct {
	Fulfilments Fulfilments
	Shipments   Shipments
	Metrics     *Metrics
}

// Apply takes what orders say, as one set. One change that is refused refuses the set.
func (s *Fulfilling) Apply(ctx context.Context, changes []domain.Change) error {
	messages, err := s.Fulfilments.Update(ctx, changes, domain.Decide)
	if err == nil {
		s.Metrics.observe(messages)
	}
	return err
}

// Dispatch says that a shipment has left.
func (s *Fulfilling) Dispatch(ctx context.Context, id, tracking string, answer ShipmentAnswer) (idempotency.Reply, error) {
	return s.command(ctx, id, answer, func(number int) domain.Input {
		return domain.Dispatch{Shipment: number, TrackingNumber: tracking}
	})
}

// Deliver says that a shipment has arrived.
func (s *Fulfilling) Deliver(ctx context.Context, id string, answer ShipmentAnswer) (idempotency.Reply, error) {
	return s.command(ctx, id, answer, func(number int) domain.Input { return domain.Deliver{Shipment: number} })
}

// command finds which order a shipment belongs to; that never changes, so it needs no lock.
func (s *Fulfilling) command(ctx context.Context, id string, answer ShipmentAnswer, input func(number int) domain.Input) (idempotency.Reply, error) {
	return s.Fulfilments.Once(ctx, answer.Key, func() (idempotency.Reply, error) {
		shipment, err := s.Shipments.Shipment(ctx, id)
		if err != nil {
			return idempotency.Reply{}, err
		}
		change := domain.Change{OrderID: shipment.OrderID, Input: input(shipment.Number), Trace: telemetry.Traceparent(ctx)}
		messages, reply, err := s.Fulfilments.Command(ctx, change, shipment.Number, domain.Decide, answer)
		if err == nil {
			s.Metrics.observe(messages)
		}
		return reply, err
	})
}
