package service

import (
	"context"
	"time"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/idempotency"
	"marketplace/shared/telemetry"
)

type decide = func(domain.Order, domain.Change, time.Time) (domain.Order, []domain.Event, error)

// ChangeableOrders is where Changing finds orders and saves what becomes of them.
type ChangeableOrders interface {
	Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error)
	Update(ctx context.Context, changes []domain.Change, d decide) ([]domain.Outcome, error)
	Command(ctx context.Context, c domain.Change, d decide, answer Answer) (domain.Outcome, idempotency.Reply, error)
}

// Changing leads orders on.
type Changing struct {
	Orders  ChangeableOrders
	Metrics *Metrics
}

// Apply takes what other services say about any orders, as one set. One change that is refused refuses the set.
func (c *Changing) Apply(ctx context.Context, changes []domain.Change) error {
	outcomes, err := c.Orders.Update(ctx, changes, apply)
	c.Metrics.observe(outcomes...)
	return err
}

func apply(o domain.Order, c domain.Change, now time.Time) (domain.Order, []domain.Event, error) {
	return domain.Apply(o, c.Input, now)
}

// Cancellation asks to cancel an order.
type Cancellation struct {
	OrderID string
	UserID  string
	Staff   bool // support and admins cancel anybody's order, in the name of support
	Note    string
}

// Cancel cancels an order, or asks the warehouse to, and returns the reply. Somebody else's order is no order.
func (c *Changing) Cancel(ctx context.Context, in Cancellation, answer Answer) (idempotency.Reply, error) {
	change := domain.Change{
		OrderID: in.OrderID, Source: domain.SourceCustomer, Trace: telemetry.Traceparent(ctx),
		Input: domain.Cancel{By: domain.ByCustomer, Note: in.Note},
	}
	if in.Staff {
		change.Source, change.Input = domain.SourceSupport, domain.Cancel{By: domain.BySupport, Note: in.Note}
	}
	owned := func(o domain.Order, c domain.Change, now time.Time) (domain.Order, []domain.Event, error) {
		if !in.Staff && o.CustomerID != in.UserID {
			return o, nil, domain.ErrNotPlaced
		}
		return apply(o, c, now)
	}
	return c.Orders.Once(ctx, answer.Key, func() (idempotency.Reply, error) {
		outcome, reply, err := c.Orders.Command(ctx, change, owned, answer)
		if err == nil {
			c.Metrics.observe(outcome)
		}
		return reply, err
	})
}
