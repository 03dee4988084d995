package service

import (
	"context"
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/failpoint"
	"marketplace/shared/telemetry"
)

// lookFrom is the attempt from which on an intent, or a refund, is also looked for. Repeating is the surer way and one request;
// but a processor may keep an error under the key for as long as it remembers it.
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
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	switch {
	case t.State == domain.Voiding:
		return s.Processor.Void(ctx, t.Payment)
	case t.IntentID != "":
		return s.Processor.Look(ctx, t.Payment)
	case t.State != domain.Called:
		return s.find(ctx, t, domain.NoCertainAnswer{}) // given up before: nothing is ever called for again
	case t.Age >= min(s.GiveUp, s.KeyLife):
		// Most likely nothing was ever made. The order is told so, and a late success will be refunded: the payment still listens.
		return s.find(ctx, t, domain.Fact{Kind: domain.FactCanceled, Failure: &noAnswer})
	}
	fact, err := s.Processor.Charge(ctx, t.Payment) // under the one key, which is still known: there can be one charge
	if err != nil && t.Calls >= lookFrom {
		if input, failed := s.find(ctx, t, nil); failed == nil && input != nil {
			return input, nil
		}
	}
	return fact, err
}

// find looks for an intent whose identifier was lost, and returns absent when it finds none.
func (s *Payments) find(ctx context.Context, t domain.Task, absent domain.Input) (domain.Input, error) {
	fact, found, err := s.Processor.Find(ctx, t.Payment, t.Age)
	if err != nil {
		return nil, err
	}
	if !found {
		return absent, nil
	}
	return fact, nil
}

// answer saves what a task came to.
func (s *Payments) answer(ctx context.Context, orderID string, input domain.Input) {
	err := s.answers.do(ctx, domain.Change{
		OrderID: orderID, Input: input, Trace: telemetry.Traceparent(ctx), Answer: true,
	})
	if err != nil {
		s.Log.Warn().Ctx(ctx).Err(err).Str("order", orderID).Msg("an answer could not be saved: the processor is asked again")
	}
}
