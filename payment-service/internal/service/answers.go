package service

import (
	"context"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/fault"
)

// saveAnswers writes a set of answers in one transaction. If one of them is refused, each gets its own.
func (s *Payments) saveAnswers(ctx context.Context, set []domain.Change) []error {
	err := s.update(ctx, set)
	if err == nil {
		return nil
	}
	failures := make([]error, len(set))
	for i, change := range set {
		failures[i] = err
		if len(set) > 1 && !fault.Transient(err) {
			failures[i] = s.update(ctx, []domain.Change{change})
		}
	}
	return failures
}

func (s *Payments) update(ctx context.Context, set []domain.Change) error {
	saved, err := s.Store.Update(ctx, set, domain.Decide, 0)
	if err == nil {
		s.follow(saved)
	}
	return err
}

// saveHints records a set of webhooks.
func (s *Payments) saveHints(ctx context.Context, set []domain.Hint) []error {
	saved, err := s.Store.Heed(ctx, set)
	if err == nil {
		s.follow(saved)
		for _, id := range saved.Bounced {
			s.Metrics.refundsFailed.Inc()
			s.Log.Error().Str("refund", id).Msg("a refund that was done came back from the bank: the customer does not have the money")
		}
		return nil
	}
	failures := make([]error, len(set))
	for i := range set {
		failures[i] = err
	}
	return failures
}

// Heed takes a webhook. When it returns nil the webhook is recorded, and what it is about will be looked at.
func (s *Payments) Heed(ctx context.Context, h domain.Hint) error { return s.hints.do(ctx, h) }
