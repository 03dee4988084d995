package repository

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/order-service/internal/domain"
	"marketplace/proto/events"
	"marketplace/shared/idempotency"
	"marketplace/shared/outbox"
)

// consumer is the name under which message ids are recorded in the inbox.
const consumer = events.OrderQueue

// Orders reads and writes orders.
type Orders struct {
	pool      *pgxpool.Pool
	committed func([]outbox.Record)
	turns     *turns
	random    func() uint64 // for numbers
}

// New returns the repository. committed takes the outbox records of each transaction after it has committed: the
// publisher's Committed.
func New(pool *pgxpool.Pool, committed func([]outbox.Record)) *Orders {
	return &Orders{pool: pool, committed: committed, turns: newTurns(), random: rand.Uint64}
}

// Answer makes the reply to a command, from the order as the command leaves it.
type Answer = idempotency.Answer[domain.Order]

// Decide says what an input does to an order, by the database's clock. See domain.Apply.
type Decide = func(o domain.Order, c domain.Change, now time.Time) (domain.Order, []domain.Event, error)

// Once runs effect unless the key has a reply already: see idempotency.Do.
func (r *Orders) Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error) {
	return idempotency.Do(ctx, r.pool, key, effect)
}

// The first column is text: "order by id" would sort by it, past the index. Statements say orders.id.
const orderColumns = `id::text, number, customer_id::text, status, payment_status, total_amount, currency, refunded_amount,
	cancel_reason, shipments, shipments_left, shipments_arrived, address, payment_method, placed_at, deadline_at, version`

// scanOrder reads a row of orderColumns, after which come more columns for more. Lines are not in it.
func scanOrder(row pgx.CollectableRow, more ...any) (domain.Order, error) {
	var o domain.Order
	var reason *reasonData
	var address addressData
	var refunded int64
	err := row.Scan(append([]any{
		&o.ID, &o.Number, &o.CustomerID, &o.Status, &o.PaymentStatus, &o.Total.Amount, &o.Total.Currency, &refunded,
		&reason, &o.Shipments, (*[]int)(&o.Left), (*[]int)(&o.Arrived), &address, &o.PaymentMethod, &o.PlacedAt, &o.Deadline, &o.Version,
	}, more...)...)
	if err != nil {
		return domain.Order{}, fmt.Errorf("read an order: %w", err)
	}
	if len(o.Left) == 0 {
		o.Left = nil
	}
	if len(o.Arrived) == 0 {
		o.Arrived = nil
	}
	o.Address = domain.Address(address)
	o.PlacedAt, o.Deadline = o.PlacedAt.UTC(), o.Deadline.UTC()
	if reason != nil {
		r := reason.reason()
		o.CancelReason = &r
	}
	if refunded > 0 {
		o.Refunded.Amount, o.Refunded.Currency = refunded, o.Total.Currency
	}
	return o, nil
}

const selectItems = `
select order_id::text, product_id::text, seller_id, sku, name, quantity, unit_amount, total_amount
from order_items where order_id = any ($1) order by order_items.order_id, position`

// queueItems reads the lines of orders into a map by order id. Their currency is the order's.
func queueItems(b *pgx.Batch, ids []string, into map[string][]domain.Line) {
	b.Queue(selectItems, ids).Query(func(rows pgx.Rows) error {
		var id string
		var l domain.Line
		_, err := pgx.ForEachRow(rows,
			[]any{&id, &l.ProductID, &l.SellerID, &l.SKU, &l.Name, &l.Quantity, &l.UnitPrice.Amount, &l.Total.Amount},
			func() error { into[id] = append(into[id], l); return nil })
		return err
	})
}

// withLines gives an order its lines.
func withLines(o domain.Order, lines []domain.Line) domain.Order {
	for _, l := range lines {
		l.UnitPrice.Currency, l.Total.Currency = o.Total.Currency, o.Total.Currency
		o.Lines = append(o.Lines, l)
	}
	return o
}

// reasonText is a cancel reason as JSON, nil for none.
func reasonText(r *domain.CancelReason) (*string, error) {
	if r == nil {
		return nil, nil
	}
	encoded, err := json.Marshal(reasonOf(*r))
	text := string(encoded)
	return &text, err
}
