package service

import (
	"context"
	"time"

	"github.com/google/uuid"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/idempotency"
	"marketplace/shared/money"
	"marketplace/shared/telemetry"
)

// Answer makes the reply to a command.
type Answer = idempotency.Answer[domain.Order]

// Catalogue knows products. Those that do not exist are missing from the answer.
type Catalogue interface {
	Products(ctx context.Context, ids []string) (map[string]domain.Product, error)
}

// NewOrders is where Placing keeps what it made.
type NewOrders interface {
	Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error)
	Create(
		ctx context.Context, by domain.Shopper, trace string,
		place func(number string, now time.Time, s domain.Standing) (domain.Order, []domain.Event, error), answer Answer,
	) (domain.Outcome, idempotency.Reply, error)
}

// Placing takes orders.
type Placing struct {
	Catalogue Catalogue
	Orders    NewOrders
	Accepted  money.Accepted // the currencies that the shop takes
	Metrics   *Metrics

	// Settings, read once for each order.
	Patience func() time.Duration // from placing until an order that is not confirmed is cancelled
	Limits   func() domain.Limits
}

// Request is what a shopper asks for.
type Request struct {
	CustomerID    string
	Network       string // where it comes from, as limits count addresses
	Items         []domain.Item
	Address       domain.Address
	PaymentMethod string
}

// Place makes the order and returns the reply to it. The catalogue is asked before the transaction begins, and not at all
// for a request whose key has its reply already, which no limit refuses. Prices are those of this moment.
func (p *Placing) Place(ctx context.Context, request Request, answer Answer) (idempotency.Reply, error) {
	return p.Orders.Once(ctx, answer.Key, func() (idempotency.Reply, error) {
		lines, err := p.price(ctx, request.Items)
		if err != nil {
			return idempotency.Reply{}, err
		}
		by, patience := domain.Shopper{CustomerID: request.CustomerID, Network: request.Network, Limits: p.Limits()}, p.Patience()
		placed, reply, err := p.Orders.Create(ctx, by, telemetry.Traceparent(ctx),
			func(number string, now time.Time, s domain.Standing) (domain.Order, []domain.Event, error) {
				order, events, err := domain.Place(domain.Placement{
					ID: uuid.Must(uuid.NewV7()).String(), Number: number, CustomerID: request.CustomerID, Lines: lines,
					Address: request.Address, PaymentMethod: request.PaymentMethod, Accepted: p.Accepted, PlacedAt: now, Deadline: now.Add(patience),
				})
				if err == nil {
					err = by.Limits.Admit(s, order.Units(), now)
				}
				return order, events, err
			}, answer)
		if err == nil {
			p.Metrics.observe(placed)
		}
		return reply, err
	})
}

func (p *Placing) price(ctx context.Context, items []domain.Item) ([]domain.Line, error) {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.ProductID
	}
	products, err := p.Catalogue.Products(ctx, ids)
	if err != nil {
		return nil, err
	}
	return domain.Price(items, products)
}
