package service

import (
	"context"
	"slices"
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/idempotency"
	"marketplace/shared/money"
	"marketplace/shared/telemetry"
)

// refund asks the processor for one refund and saves what it says. The pending row was committed before.
func (s *Payments) refund(ctx context.Context, t domain.RefundTask) {
	ctx, span := s.Tracer.Start(telemetry.WithTraceparent(ctx, t.Trace), "refund")
	defer span.End()
	begin := time.Now()
	input, err := s.askRefund(ctx, t)
	s.Metrics.called("refund", err, time.Since(begin))
	if err != nil {
		s.Log.Warn().Ctx(ctx).Err(err).Str("refund", t.ID).Int("calls", t.Calls).
			Msg("no certain answer about a refund: it is asked for again")
		input = domain.RefundUnsettled{Cause: t.Cause}
	}
	s.answer(ctx, t.Payment.OrderID, input)
}

// alert tells people of refunds that failed with this transition.
func (s *Payments) alert(t domain.Transition) {
	for i, before := range t.Before.Refunds {
		f := t.After.Refunds[i]
		if f.State != domain.RefundFailed || before.State == f.State {
			continue
		}
		s.Metrics.refundsFailed.Inc()
		s.Log.Error().Str("payment", t.After.ID).Str("refund", f.ID).Str("cause", f.Cause).Str("code", f.Failure.Code).
			Msg("a refund failed: the customer does not have the money back")
	}
}

func (s *Payments) askRefund(ctx context.Context, t domain.RefundTask) (domain.Input, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	if t.ProviderID != "" {
		return s.Processor.LookRefund(ctx, t.Refund)
	}
	// A list is never behind: what it does not show was not made.
	if t.Age >= s.KeyLife || t.Calls >= lookFrom {
		if input, found, err := s.Processor.FindRefund(ctx, t.Payment, t.Refund); found || err != nil {
			return input, err
		}
	}
	return s.Processor.Refund(ctx, t.Payment, t.Refund)
}

// RefundCommand asks for money back in the name of support.
type RefundCommand struct {
	PaymentID string
	Cause     string
	Amount    money.Money // the zero value: all that is left
	Reason    string
}

// Refund asks for a refund and returns the reply. The processor is asked after it.
func (s *Payments) Refund(ctx context.Context, in RefundCommand, answer Answer) (idempotency.Reply, error) {
	return s.Store.Once(ctx, answer.Key, func() (idempotency.Reply, error) {
		saved, reply, err := s.Store.Command(ctx, in.PaymentID, telemetry.Traceparent(ctx), in.Reason, in.decide, answer)
		if err == nil {
			s.follow(saved)
		}
		return reply, err
	})
}

// decide refuses what the domain would cut down to what is left: support is told so instead. A refund that is there already
// is the answer again.
func (in RefundCommand) decide(p domain.Payment, _ domain.Input) (domain.Payment, domain.Outcome, error) {
	if slices.ContainsFunc(p.Refunds, func(f domain.Refund) bool { return f.Cause == in.Cause }) {
		return p, domain.Outcome{}, nil
	}
	left, amount := p.Left(), in.Amount
	if amount.IsZero() {
		amount = left
	}
	switch {
	case p.State == domain.Captured && left.Amount == 0:
		return p, domain.Outcome{}, domain.ErrNothingLeft
	case p.State == domain.Captured && amount.Currency != left.Currency:
		return p, domain.Outcome{}, domain.ErrAmount
	case p.State == domain.Captured && amount.Amount > left.Amount:
		return p, domain.Outcome{}, domain.ErrExceedsLeft
	}
	return domain.Decide(p, domain.RefundRequested{Cause: in.Cause, Amount: amount})
}
