package repository

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	eventsv1 "marketplace/proto/events/v1"
	"marketplace/shared/outbox"
	"marketplace/shared/telemetry"
	"marketplace/warehouse-service/internal/domain"
)

// encode makes the outbox record of a message, in the trace of the change that caused it.
func (w *work) encode(c domain.Change, f domain.Fulfilment, m domain.Message) (outbox.Record, error) {
	payload, err := w.payload(f, m)
	if err != nil {
		return outbox.Record{}, err
	}
	body, err := proto.Marshal(payload)
	if err != nil {
		return outbox.Record{}, fmt.Errorf("encode %s: %w", m.Type(), err)
	}
	return outbox.NewRecord(telemetry.WithTraceparent(context.Background(), c.Trace), m.Type(), f.OrderID, body), nil
}

func (w *work) payload(f domain.Fulfilment, m domain.Message) (proto.Message, error) {
	switch m := m.(type) {
	case domain.StockReserved:
		payment := new(eventsv1.PaymentEnvelope)
		if err := proto.Unmarshal(m.Payment, payment); err != nil {
			return nil, fmt.Errorf("payment envelope: %w", err)
		}
		return &eventsv1.StockReserved{OrderId: f.OrderID, Payment: payment, Deadline: timestamppb.New(f.Deadline)}, nil
	case domain.StockRejected:
		rejected := &eventsv1.StockRejected{OrderId: f.OrderID}
		for _, s := range m.Shortages {
			rejected.Shortages = append(rejected.Shortages, &eventsv1.Shortage{ProductId: s.ProductID, Wanted: s.Wanted, Available: s.Available})
		}
		return rejected, nil
	case domain.ShipmentDispatched:
		return &eventsv1.ShipmentDispatched{
			OrderId: f.OrderID, ShipmentId: w.shipmentID(f, m.Number), TrackingNumber: m.TrackingNumber,
			Number: int32(m.Number), Of: int32(m.Of),
		}, nil
	case domain.ShipmentDelivered:
		return &eventsv1.ShipmentDelivered{
			OrderId: f.OrderID, ShipmentId: w.shipmentID(f, m.Number), Number: int32(m.Number), Of: int32(m.Of),
		}, nil
	case domain.ShipmentCancelled:
		return &eventsv1.ShipmentCancelled{OrderId: f.OrderID}, nil
	}
	return nil, fmt.Errorf("message %s has no shape", m.Type())
}

func (w *work) shipmentID(f domain.Fulfilment, number int) string {
	return w.shipments[shipmentKey{f.OrderID, number}].ID
}
