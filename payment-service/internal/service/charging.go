package service

import (
	"context"
	"errors"
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/failpoint"
	"marketplace/shared/telemetry"
)

// lookFrom is the attempt from which on a refund is also looked for. Repeating is the surer way and one request; but a
// processor may keep an error under the key for as long as it remembers it.
const lookFrom = 4

func (s *Payments) claimCharges(ctx context.Context, limit int) ([]domain.Task, error) {
	return s.Store.Claim(ctx, limit, s.Rules().Decide)
}

// charge asks the processor about one payment and saves what it says. If that cannot be saved, the lease brings the
// payment back, and the processor says it again.
func (s *Payments) charge(ctx context.Context, t domain.Task) {
	failpoint.Point("payment.after_mark")
	ctx, span := s.Tracer.Start(telemetry.WithTraceparent(ctx, t.Trace), "charge")
	defer span.End()
	begin := time.Now()
	input, err := s.ask(ctx, t)
	s.Metrics.called(string(t.Ask), err, time.Since(begin))
	if errors.Is(err, domain.ErrInexact) {
		s.Metrics.inexact.Inc()
		s.Log.Error().Ctx(ctx).Err(err).Str("payment", t.ID).Msg("the processor took an amount that is none of ours: somebody has to look")
	} else if err != nil {
		s.Log.Warn().Ctx(ctx).Err(err).Str("payment", t.ID).Str("state", string(t.State)).Str("ask", string(t.Ask)).
			Int("calls", t.Asking.Calls).Msg("no certain answer about a payment: it is asked about again")
	}
	failpoint.Point("payment.after_call")
	s.answer(ctx, t.OrderID, input, t.Until)
}

// ask does what the payment's machine has decided. With an error comes what is known all the same: that nothing is certain,
// and how far a search has come.
func (s *Payments) ask(ctx context.Context, t domain.Task) (domain.Input, error) {
	ctx, cancel := s.within(ctx, t.Until)
	defer cancel()
	fact, err := domain.Fact{}, error(nil)
	switch t.Ask {
	case domain.AskCharge:
		fact, err = s.Processor.Charge(ctx, t.Payment)
	case domain.AskFence:
		fact, err = s.Processor.Fence(ctx, t.Payment)
	case domain.AskLook:
		fact, err = s.Processor.Look(ctx, t.Payment)
	case domain.AskVoid:
		fact, err = s.Processor.Void(ctx, t.Payment)
	case domain.AskFind:
		return s.find(ctx, t)
	case domain.AskBooks:
		books, err := s.Processor.Books(ctx, t.Payment)
		if err != nil {
			return domain.NoCertainAnswer{}, err
		}
		return books, nil
	}
	switch {
	case err == nil:
		return fact, nil
	case t.IntentID == "" && t.Asking.FindToo():
		input, failed := s.find(ctx, t)
		if failed == nil {
			return input, nil
		}
		return input, errors.Join(err, failed)
	}
	return domain.NoCertainAnswer{Cursor: t.Asking.Cursor}, err
}

// within bounds the calls of a task. The time-out may have become longer since the task was claimed, but once its lease is over
// another process may ask.
func (s *Payments) within(ctx context.Context, until time.Time) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(s.Timeout(), time.Until(until)))
}

var errNoneFound = errors.New("no look-up shows an intent, which proves nothing")

// find looks for an intent whose identifier was lost.
func (s *Payments) find(ctx context.Context, t domain.Task) (domain.Input, error) {
	input, err := s.Processor.Find(ctx, t.Payment)
	if _, none := input.(domain.NoCertainAnswer); none && err == nil {
		err = errNoneFound
	}
	return input, err
}

// answer saves what a task came to. Until then the task is nobody else's.
func (s *Payments) answer(ctx context.Context, orderID string, input domain.Input, until time.Time) {
	err := s.answers.do(ctx, domain.Change{
		OrderID: orderID, Input: input, Trace: telemetry.Traceparent(ctx), Answer: true, Until: until,
	})
	if err != nil {
		s.Log.Warn().Ctx(ctx).Err(err).Str("order", orderID).Msg("an answer could not be saved: the processor is asked again")
	}
}

// alertPayment tells people of a payment whose look-ups have ended without a certain answer.
func (s *Payments) alertPayment(t domain.Transition) {
	if t.Unresolved {
		s.Metrics.unresolved.Inc()
		s.Log.Error().Str("payment", t.After.ID).Str("order", t.After.OrderID).
			Msg("the processor was asked for 30 days, and nobody knows what became of the money: look at its console")
	}
	for _, id := range t.Bounced {
		s.Metrics.refundsFailed.Inc()
		s.Log.Error().Str("refund", id).Msg("a refund that was done came back from the bank: the customer does not have the money")
	}
}
