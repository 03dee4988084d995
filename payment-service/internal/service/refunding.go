package service

import (
	"context"
	"time"

	"marketplace/payment-service/internal/domain"
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
	if unsettled, ok := input.(domain.RefundUnsettled); ok {
		unsettled.Calls = t.Calls // also of one that the bank takes its time for: both have a last call
		input = unsettled
	}
	s.answer(ctx, t.Payment.OrderID, input, t.Until)
}

// alert tells people, once, of refunds that nobody goes on with by himself: those that failed and are not replaced by another,
// and those that need attention.
func (s *Payments) alert(t domain.Transition) {
	replaced := len(t.After.Refunds) > len(t.Before.Refunds)
	for i, f := range t.After.Refunds {
		if i < len(t.Before.Refunds) && t.Before.Refunds[i].State == f.State {
			continue
		}
		log := s.Log.With().Str("payment", t.After.ID).Str("refund", f.ID).Str("cause", f.Cause).Logger()
		switch {
		case f.State == domain.RefundAttention:
			log.Error().Msg("a refund needs attention: settle it by the API, or with payment-service refunds settle")
		case f.Elsewhere() || f.Unbooked():
			log.Info().Msg("a refund ended without money of its own: it went back at the processor")
		case f.State == domain.RefundFailed && replaced:
			log.Warn().Str("code", f.Failure.Code).Msg("a refund failed: another one takes its place")
		case f.State == domain.RefundFailed:
			s.Metrics.refundsFailed.Inc()
			log.Error().Str("code", f.Failure.Code).Msg("a refund failed: the customer does not have the money back")
		}
	}
}

func (s *Payments) askRefund(ctx context.Context, t domain.RefundTask) (domain.Input, error) {
	ctx, cancel := s.within(ctx, t.Until)
	defer cancel()
	if t.ProviderID != "" {
		return s.Processor.LookRefund(ctx, t.Refund)
	}
	// A list is never behind: what it does not show was not made.
	if t.Age >= s.Rules().KeyLife || t.Calls >= lookFrom {
		if input, found, err := s.Processor.FindRefund(ctx, t.Payment, t.Refund); found || err != nil {
			return input, err
		}
	}
	return s.Processor.Refund(ctx, t.Payment, t.Refund)
}
