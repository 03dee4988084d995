package service

import (
	"context"
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/config"
)

// challengeTime is how long a reader waits for the processor.
const challengeTime = 3 * time.Second

// Challenge is the secret with which the customer's browser finishes 3-D Secure. Stripe asks that nobody stores or logs it, so
// it is read when it is wanted. It is empty when nothing waits for the customer, and when the processor does not say so now
// or too many ask: then the customer reads again. Readers take few connections, so that charges never wait for them.
func (s *Payments) Challenge(ctx context.Context, p domain.Payment) config.Secret {
	select {
	case s.readers <- struct{}{}:
		defer func() { <-s.readers }()
	default:
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, min(challengeTime, s.Timeout()))
	defer cancel()
	begin := time.Now()
	secret, err := s.Processor.Challenge(ctx, p)
	s.Metrics.called("challenge", err, time.Since(begin))
	if err != nil {
		s.Log.Warn().Ctx(ctx).Err(err).Str("payment", p.ID).Msg("the customer cannot be shown how to authenticate: he reads again")
	}
	return secret
}
