package service

import (
	"context"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/idempotency"
	"marketplace/shared/money"
	"marketplace/shared/telemetry"
)

// RefundCommand asks for money back in the name of support.
type RefundCommand struct {
	PaymentID string
	Cause     string
	Amount    money.Money // the zero value: all that is left
	By        string      // the user who asks
	Limited   bool        // he may give back only so much alone
	Reason    string      // for the customer
	Note      string      // for the staff
}

// Refund asks for a refund and returns the reply. The processor is asked after it, or after a second person has confirmed.
func (s *Payments) Refund(ctx context.Context, in RefundCommand, answer Answer) (idempotency.Reply, error) {
	limits := s.Limits()
	act := domain.Act{
		PaymentID: in.PaymentID, Kind: domain.ActAsked, By: in.By, Reason: in.Reason, Note: in.Note,
		Concerns: func(f domain.Refund) bool { return f.Cause == in.Cause },
		Input: func(spent int64) domain.Input {
			ask := domain.StaffRefund{Cause: in.Cause, Amount: in.Amount, By: in.By}
			if in.Limited {
				ask.Limits = &domain.Limits{Currency: limits.Currency, Payment: limits.Payment, Today: limits.Today - spent}
			}
			return ask
		},
	}
	if in.Limited {
		act.Currency = limits.Currency
	}
	return s.act(ctx, act, answer)
}

// DecisionCommand is what a person does about a refund that is there.
type DecisionCommand struct {
	PaymentID string
	RefundID  string
	By        string
	Note      string
}

// Confirm is the second person's agreement.
func (s *Payments) Confirm(ctx context.Context, in DecisionCommand, answer Answer) (idempotency.Reply, error) {
	return s.decide(ctx, in, domain.ActConfirmed, domain.Confirmation{RefundID: in.RefundID, By: in.By}, answer)
}

// Reject ends a refund that awaits a second person.
func (s *Payments) Reject(ctx context.Context, in DecisionCommand, answer Answer) (idempotency.Reply, error) {
	return s.decide(ctx, in, domain.ActRejected, domain.Rejection{RefundID: in.RefundID, By: in.By}, answer)
}

// Settle ends a refund that needs attention.
func (s *Payments) Settle(ctx context.Context, in DecisionCommand, as domain.Settlement, answer Answer) (idempotency.Reply, error) {
	return s.decide(ctx, in, domain.ActKind(as), domain.SettledByHand{RefundID: in.RefundID, By: in.By, As: as}, answer)
}

func (s *Payments) decide(
	ctx context.Context, in DecisionCommand, kind domain.ActKind, input domain.Input, answer Answer,
) (idempotency.Reply, error) {
	return s.act(ctx, domain.Act{
		PaymentID: in.PaymentID, Kind: kind, By: in.By, Note: in.Note,
		Concerns: func(f domain.Refund) bool { return f.ID == in.RefundID },
		Input:    func(int64) domain.Input { return input },
	}, answer)
}

func (s *Payments) act(ctx context.Context, act domain.Act, answer Answer) (idempotency.Reply, error) {
	act.Trace = telemetry.Traceparent(ctx)
	return s.Store.Once(ctx, answer.Key, func() (idempotency.Reply, error) {
		saved, reply, err := s.Store.Command(ctx, act, s.Rules().Decide, answer)
		if err == nil {
			s.follow(saved)
		}
		return reply, err
	})
}
