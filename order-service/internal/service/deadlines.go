package service

import (
	"context"
	"time"

	"github.com/rs/zerolog"

	"marketplace/order-service/internal/domain"
)

const (
	sweepEvery = time.Second
	sweepSet   = 100
	sweepTime  = 10 * time.Second
)

// OverdueOrders finds the orders whose deadline has passed.
type OverdueOrders interface {
	Expire(ctx context.Context, limit int, d decide) ([]domain.Outcome, error)
}

// Deadlines cancels orders that were not confirmed in time. Every replica may run it.
type Deadlines struct {
	Orders  OverdueOrders
	Metrics *Metrics
	Log     zerolog.Logger
}

// Run looks once a second until ctx ends. While the database is away it goes on looking.
func (d *Deadlines) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := d.sweep(context.WithoutCancel(ctx)); err != nil {
			d.Log.Warn().Err(err).Msg("overdue orders wait for the next sweep")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sweep works in sets until nothing is overdue.
func (d *Deadlines) sweep(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sweepTime)
	defer cancel()
	for {
		outcomes, err := d.Orders.Expire(ctx, sweepSet, apply)
		if err != nil {
			return err
		}
		d.Metrics.observe(outcomes...)
		if len(outcomes) < sweepSet {
			return nil
		}
	}
}
