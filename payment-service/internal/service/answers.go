package service

import (
	"context"
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/fault"
)

const (
	retryFirst = 50 * time.Millisecond
	retryMost  = time.Second
)

// saveAnswers writes a set of answers in one transaction. If one of them is refused, each gets its own.
func (s *Payments) saveAnswers(ctx context.Context, set []domain.Change) []error {
	err := s.insist(ctx, set)
	if err == nil {
		return nil
	}
	failures := make([]error, len(set))
	for i, change := range set {
		failures[i] = err
		if len(set) > 1 && !fault.Transient(err) {
			failures[i] = s.insist(ctx, []domain.Change{change})
		}
	}
	return failures
}

// insist saves a set again while the database is away, as long as its tasks are nobody else's: a certain answer is not thrown
// away for a broken connection, or everybody would wait out a lease and the processor would be asked once more. Saving it
// twice, when the first commit has arrived after all, changes nothing. The tasks hold their slots meanwhile, so that no more
// is begun than can be saved.
func (s *Payments) insist(ctx context.Context, set []domain.Change) error {
	until := set[0].Until // the earliest lease: none of the set may be somebody else's
	for _, change := range set {
		if change.Until.Before(until) {
			until = change.Until
		}
	}
	for wait := retryFirst; ; wait = min(2*wait, retryMost) {
		err := s.update(ctx, set)
		if !fault.Transient(err) || time.Until(until) <= wait {
			return err
		}
		s.Log.Warn().Err(err).Int("answers", len(set)).Msg("answers of the processor could not be saved yet: they are saved again")
		select {
		case <-ctx.Done():
			return err
		case <-time.After(wait):
		}
	}
}

func (s *Payments) update(ctx context.Context, set []domain.Change) error {
	ctx, cancel := context.WithTimeout(ctx, databaseTime)
	defer cancel()
	saved, err := s.Store.Update(ctx, set, s.Rules().Decide, 0)
	if err == nil {
		s.follow(saved)
	}
	return err
}

// saveHints records a set of webhooks. If one of them is refused, each gets its own transaction.
func (s *Payments) saveHints(ctx context.Context, set []domain.Hint) []error {
	err := s.heed(ctx, set)
	if err == nil {
		return nil
	}
	failures := make([]error, len(set))
	for i, hint := range set {
		failures[i] = err
		if len(set) > 1 && !fault.Transient(err) {
			failures[i] = s.heed(ctx, []domain.Hint{hint})
		}
	}
	return failures
}

func (s *Payments) heed(ctx context.Context, set []domain.Hint) error {
	ctx, cancel := context.WithTimeout(ctx, databaseTime)
	defer cancel()
	saved, err := s.Store.Heed(ctx, set, s.Rules().Decide)
	if err == nil {
		s.follow(saved)
	}
	return err
}

// Heed takes a webhook. When it returns nil the webhook is recorded, and what it is about will be looked at. A dispute, or a
// refund that was made elsewhere, names an intent and no payment: the intent says whose it is.
func (s *Payments) Heed(ctx context.Context, h domain.Hint) error {
	if h.Kind == domain.HintBooks && h.PaymentID == "" && h.IntentID != "" {
		ctx, cancel := context.WithTimeout(ctx, s.Timeout())
		defer cancel()
		var err error
		if h.PaymentID, err = s.Processor.PaymentOf(ctx, h.IntentID); err != nil {
			return err
		}
	}
	return s.hints.do(ctx, h)
}
