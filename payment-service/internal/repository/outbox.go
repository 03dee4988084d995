package repository

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"marketplace/payment-service/internal/domain"
	eventsv1 "marketplace/proto/events/v1"
	moneyv1 "marketplace/proto/money/v1"
	"marketplace/shared/money"
	"marketplace/shared/outbox"
	"marketplace/shared/telemetry"
)

// records are the messages that follow from a decision, in the trace of what caused them.
func records(p domain.Payment, messages []domain.Message, trace string) ([]outbox.Record, error) {
	var out []outbox.Record
	for _, m := range messages {
		body, err := proto.Marshal(payload(p, m))
		if err != nil {
			return nil, fmt.Errorf("encode %s: %w", m.Type(), err)
		}
		out = append(out, outbox.NewRecord(telemetry.WithTraceparent(context.Background(), trace), m.Type(), p.OrderID, body))
	}
	return out, nil
}

// payload is what the order is told.
func payload(p domain.Payment, m domain.Message) proto.Message {
	switch m := m.(type) {
	case domain.PaymentCaptured:
		return &eventsv1.PaymentCaptured{OrderId: p.OrderID, PaymentId: p.ID, Amount: amount(m.Amount)}
	case domain.PaymentFailed:
		return &eventsv1.PaymentFailed{OrderId: p.OrderID, PaymentId: p.ID, Code: m.Failure.Code, Message: m.Failure.Message}
	case domain.PaymentRefunded:
		return &eventsv1.PaymentRefunded{
			OrderId: p.OrderID, PaymentId: p.ID, RefundId: refundID(p, m.Cause),
			Amount: amount(m.Amount), Refunded: amount(m.Refunded), Captured: amount(p.Captured),
			Cause: m.Cause,
		}
	}
	panic("payment message without a shape: " + m.Type())
}

func refundID(p domain.Payment, cause string) string {
	for _, f := range p.Refunds {
		if f.Cause == cause {
			return f.ID
		}
	}
	return ""
}

func amount(m money.Money) *moneyv1.Money {
	return &moneyv1.Money{Amount: m.Amount, Currency: m.Currency}
}
