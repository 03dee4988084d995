package repository

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/failpoint"
	"marketplace/shared/idempotency"
	"marketplace/shared/outbox"
	"marketplace/shared/postgres"
)

// Place makes an order with a number that is free and the time that the database gives, unless what counts against it is too much.
type Place = func(number string, now time.Time, s domain.Standing) (domain.Order, []domain.Event, error)

// Create saves a new order with its first event, the message that follows from it, and the reply to the request. A second
// request with the same key, running or finished, stops it: see idempotency.Do. Orders of one shopper are placed one after
// the other, and what place is told of their standing holds until the order is saved.
func (r *Orders) Create(
	ctx context.Context, by domain.Shopper, trace string, place Place, answer Answer,
) (domain.Outcome, idempotency.Reply, error) {
	end, err := r.turns.take(ctx, by, answer.Key.Key)
	if err != nil {
		return domain.Outcome{}, idempotency.Reply{}, err
	}
	defer end()
	for tries := 1; ; tries++ {
		done, reply, err := r.create(ctx, by, trace, place, answer)
		if !postgres.Violates(err, "orders_number_key") || tries == numberTries {
			return done, reply, err
		}
	}
}

// numberTries is how often another number is tried when one is taken. That all are taken does not happen.
const numberTries = 5

func (r *Orders) create(
	ctx context.Context, by domain.Shopper, trace string, place Place, answer Answer,
) (domain.Outcome, idempotency.Reply, error) {
	var t ticket
	var reply idempotency.Reply
	var done domain.Outcome
	var messages []outbox.Record
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			answer.Claim(b)
			t.take(b, by)
		},
		func(b *pgx.Batch) (err error) {
			if done.Order, done.Events, err = place(domain.Number(t.now, r.random()), t.now, t.standing); err != nil {
				return err
			}
			change := domain.Change{Source: domain.SourceCustomer, Trace: trace}
			rows, err := eventRows(change, done.Order.ID, 0, done.Events, t.now)
			if err != nil {
				return err
			}
			if messages, err = records(done.Order, done.Events, trace); err != nil {
				return err
			}
			if reply, err = answer.Save(b, done.Order); err != nil {
				return err
			}
			if err := insertOrder(b, insertOrderSQL, done.Order, network(by)); err != nil {
				return err
			}
			insertEvents(b, rows)
			outbox.Append(b, messages)
			failpoint.Point("order.before_commit")
			return nil
		})
	if err != nil {
		return domain.Outcome{}, idempotency.Reply{}, err
	}
	failpoint.Point("order.after_commit")
	r.committed(messages)
	return done, reply, nil
}

const insertOrderSQL = `
insert into orders (id, number, customer_id, status, payment_status, total_amount, currency, refunded_amount, cancel_reason,
	shipments, shipments_left, shipments_arrived, address, payment_method, placed_at, deadline_at, version, client_network)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::jsonb, $10, $11::text::int[], $12::text::int[], $13::text::jsonb, $14, $15, $16, $17, $18)`

const insertItemsSQL = `
insert into order_items (order_id, product_id, position, sku, name, seller_id, quantity, unit_amount, total_amount)
select $1, product_id, position, sku, name, seller_id, quantity, unit_amount, total_amount
from unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[])
	as n (product_id, position, sku, name, seller_id, quantity, unit_amount, total_amount)`

// insertOrder queues the projection of an order: statement is insertOrderSQL, or a form of it with the same parameters.
// network is where the order was placed from, nil when that is not known.
func insertOrder(b *pgx.Batch, statement string, o domain.Order, network *string) error {
	reason, err := reasonText(o.CancelReason)
	if err != nil {
		return err
	}
	address, err := json.Marshal(addressData(o.Address))
	if err != nil {
		return err
	}
	b.Queue(statement, o.ID, o.Number, o.CustomerID, string(o.Status), string(o.PaymentStatus), o.Total.Amount,
		o.Total.Currency, o.Refunded.Amount, reason, o.Shipments, arrayText(o.Left), arrayText(o.Arrived), string(address),
		o.PaymentMethod, o.PlacedAt, o.Deadline, o.Version, network)

	n := len(o.Lines)
	products, positions, skus, names := make([]string, n), make([]int, n), make([]string, n), make([]string, n)
	sellers, quantities, units, totals := make([]string, n), make([]int64, n), make([]int64, n), make([]int64, n)
	for i, l := range o.Lines {
		products[i], positions[i], skus[i], names[i] = l.ProductID, i+1, l.SKU, l.Name
		sellers[i], quantities[i], units[i], totals[i] = l.SellerID, l.Quantity, l.UnitPrice.Amount, l.Total.Amount
	}
	b.Queue(insertItemsSQL, o.ID, products, positions, skus, names, sellers, quantities, units, totals)
	return nil
}
