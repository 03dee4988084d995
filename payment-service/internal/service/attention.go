package service

import (
	"context"
	"time"
)

const attentionEvery = 30 * time.Second

// RunAttention counts the refunds that wait for people, until ctx ends. An alert stands as long as there is one.
func (s *Payments) RunAttention(ctx context.Context) error {
	tick := time.NewTicker(attentionEvery)
	defer tick.Stop()
	for {
		s.countWaiting(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (s *Payments) countWaiting(ctx context.Context) {
	counting, cancel := context.WithTimeout(ctx, databaseTime)
	defer cancel()
	attention, awaiting, err := s.Store.Waiting(counting)
	if err != nil {
		if ctx.Err() == nil {
			s.Log.Warn().Err(err).Msg("refunds that wait for people are not counted now")
		}
		return
	}
	s.Metrics.attention.Set(float64(attention))
	s.Metrics.awaiting.Set(float64(awaiting))
}
