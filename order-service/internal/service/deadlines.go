package service

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/due"
)

const (
	sweepEvery = time.Second
	sweepSet   = 100
	sweepTime  = 10 * time.Second

	forgetEvery = time.Minute
	forgetSet   = 1000
)

// OverdueOrders finds the orders whose deadline has passed, and the declines that no limit counts any more.
type OverdueOrders interface {
	Expire(ctx context.Context, from time.Time, limit int, d decide) ([]domain.Outcome, error)
	ForgetDeclines(ctx context.Context, counted time.Duration, after time.Time, limit int) (last *time.Time, err error)
}

// Deadlines cancels orders that were not confirmed in time, and deletes declines whose time is over. Every replica may run it.
type Deadlines struct {
	Orders  OverdueOrders
	Counted func() time.Duration // how long a decline counts now
	Metrics *Metrics
	Log     zerolog.Logger
}

// Run looks once a second until ctx ends. While the database is away it goes on looking.
func (d *Deadlines) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	var forgotten time.Time
	var looks due.Looks
	for {
		began, from := time.Now(), looks.From()
		if err := d.sweep(context.WithoutCancel(ctx), from); err != nil {
			d.Log.Warn().Err(err).Msg("overdue orders wait for the next sweep")
			looks.Failed()
		} else {
			looks.Looked(from, time.Since(began))
		}
		if time.Since(forgotten) >= forgetEvery {
			forgotten = time.Now()
			if err := d.forget(context.WithoutCancel(ctx)); err != nil {
				d.Log.Warn().Err(err).Msg("old declines stay for now")
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sweep works in sets until nothing is overdue that was due at from or later. Each set begins where the one before ended.
func (d *Deadlines) sweep(ctx context.Context, from time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	for {
		outcomes, err := d.Orders.Expire(ctx, from, sweepSet, apply)
		if err != nil {
			return err
		}
		d.Metrics.observe(outcomes...)
		for _, o := range outcomes {
			if o.Order.Deadline.After(from) {
				from = o.Order.Deadline
			}
		}
		if len(outcomes) < sweepSet {
			return nil
		}
	}
}

// forget works in sets, so that no transaction grows long. Each set begins where the one before ended.
func (d *Deadlines) forget(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	for after := (time.Time{}); ; {
		last, err := d.Orders.ForgetDeclines(ctx, d.Counted(), after, forgetSet)
		if err != nil || last == nil {
			return err
		}
		after = *last
	}
}
