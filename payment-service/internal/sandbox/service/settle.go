package service

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/payment-service/internal/sandbox/store"
)

const (
	settleEvery = 250 * time.Millisecond
	settleBatch = 50
	cleanEvery  = time.Minute
)

// errSettled undoes a change that another process made first.
var errSettled = errors.New("settled already")

// Run gives late answers when they are due, and forgets what is old, until ctx ends.
func (s *Service) Run(ctx context.Context, log zerolog.Logger) error {
	settle, clean := time.NewTicker(settleEvery), time.NewTicker(cleanEvery)
	defer settle.Stop()
	defer clean.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return nil
		case <-settle.C:
			err = errors.Join(s.settleIntents(ctx), s.settleRefunds(ctx))
		case <-clean.C:
			err = s.store.Clean(ctx)
		}
		if err != nil && ctx.Err() == nil {
			log.Warn().Err(err).Msg("cannot settle or clean")
		}
	}
}

func (s *Service) settleIntents(ctx context.Context) error {
	due, err := s.store.DueIntents(ctx, s.env().Now, settleBatch)
	if err != nil {
		return err
	}
	for _, in := range due {
		err := s.store.Change(ctx, in.ID, nil, func(in processor.Intent) (store.Write, error) {
			c, ok := processor.Settle(in, s.env())
			return s.settled(c, ok)
		})
		if err != nil && !errors.Is(err, errSettled) {
			return err
		}
	}
	return nil
}

func (s *Service) settleRefunds(ctx context.Context) error {
	due, err := s.store.DueRefunds(ctx, s.env().Now, settleBatch)
	if err != nil {
		return err
	}
	for _, r := range due {
		err := s.store.ChangeRefund(ctx, r.ID, r.IntentID, func(in processor.Intent, r processor.Refund) (store.Write, error) {
			c, ok := processor.SettleRefund(in, r)
			return s.settled(c, ok)
		})
		if err != nil && !errors.Is(err, errSettled) {
			return err
		}
	}
	return nil
}

func (s *Service) settled(c processor.Change, ok bool) (store.Write, error) {
	if !ok {
		return store.Write{}, errSettled
	}
	return store.Write{Intent: &c.Intent, Refund: c.Refund, Events: s.events(Request{}, c)}, nil
}
