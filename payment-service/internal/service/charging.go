package service

import (
	"context"
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/failpoint"
	"marketplace/shared/telemetry"
)

// lookFrom is the attempt from which on an intent is looked for before the call is repeated. Repeating is the surer way and
// one request; a processor that goes on answering nothing certain under the key leaves only looking.
const lookFrom = 4

// noAnswer is why a payment failed whose intent was never found.
var noAnswer = domain.Failure{Code: "no_answer", Message: "The card processor did not answer in time."}

func (s *Payments) claimCharges(ctx context.Context, limit int) ([]domain.Task, error) {
	return s.Store.Claim(ctx, limit, domain.Decide)
}

// charge asks the processor about one payment and saves what it says. If that cannot be saved, the lease brings the
// payment back, and the processor says it again.
func (s *Payments) charge(ctx context.Context, t domain.Task) {
	failpoint.Point("payment.after_mark")
	ctx, span := s.Tracer.Start(telemetry.WithTraceparent(ctx, t.Trace), "charge")
	defer span.End()
	begin := time.Now()
	input, err := s.ask(ctx, t)
	s.Metrics.called("charge", err, time.Since(begin))
	if err != nil {
		s.Log.Warn().Ctx(ctx).Err(err).Str("payment", t.ID).Str("state", string(t.State)).Int("calls", t.Calls).
			Msg("no certain answer about a payment: it is asked about again")
		input = domain.NoCertainAnswer{}
	}
	failpoint.Point("payment.after_call")
	s.answer(ctx, t.OrderID, input)
}

// ask finds out what the payment's intent is, or makes it be.
func (s *Payments) ask(ctx context.Context, t domain.Task) (domain.Input, error) {
	switch {
	case t.State == domain.Voiding:
		return certain(s.Processor.Void(ctx, t.Payment))
	case t.IntentID != "":
		return certain(s.Processor.Look(ctx, t.Payment))
	case t.State != domain.Called:
		return s.find(ctx, t) // given up before: nothing is ever called for again
	case t.Age < s.KeyLife && t.Calls < lookFrom:
		return certain(s.Processor.Charge(ctx, t.Payment))
	}
	input, err := s.find(ctx, t)
	if _, nothing := input.(domain.NoCertainAnswer); err != nil || !nothing {
		return input, err
	}
	switch {
	case t.Age >= s.GiveUp || t.Age >= s.KeyLife:
		// Most likely nothing was ever made. The order is told so, and a late success will be refunded: the payment still listens.
		return domain.Fact{Kind: domain.FactCanceled, Failure: &noAnswer}, nil
	default:
		return certain(s.Processor.Charge(ctx, t.Payment)) // the key is still known: there can be one charge
	}
}

func (s *Payments) find(ctx context.Context, t domain.Task) (domain.Input, error) {
	fact, found, err := s.Processor.Find(ctx, t.Payment, t.Age)
	if err != nil {
		return nil, err
	}
	if !found {
		return domain.NoCertainAnswer{}, nil
	}
	return fact, nil
}

func certain(fact domain.Fact, err error) (domain.Input, error) { return fact, err }

// answer saves what a task came to.
func (s *Payments) answer(ctx context.Context, orderID string, input domain.Input) {
	err := s.answers.do(ctx, domain.Change{
		OrderID: orderID, Input: input, Trace: telemetry.Traceparent(ctx), Answer: true,
	})
	if err != nil {
		s.Log.Warn().Ctx(ctx).Err(err).Str("order", orderID).Msg("an answer could not be saved: the processor is asked again")
	}
}
