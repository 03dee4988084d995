package repository

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/postgres"
)

// lockCustomer lets one order of a customer be placed at a time in all replicas, until the transaction ends: what is counted after
// it is still true when the order is there. Within one process the orders of a customer wait for each other before that (see turns).
// Nothing but Create takes this lock, and Create takes it before it writes, so that it cannot be part of a deadlock. The saga's
// changes do not take it: they only ever close orders.
const lockCustomer = "select pg_advisory_xact_lock(hashtextextended(current_schema() || '.customer.' || $1, 0))"

// selectStanding is a statement of its own after the lock, because a statement sees what was committed before it began.
const selectStanding = `
select clock_timestamp(), open.orders, open.units, open.ends,
	(select declined_at from declines where customer_id = $1 order by declined_at desc offset $2 limit 1),
	(select declined_at from declines where network = $3 order by declined_at desc offset $4 limit 1)
from (
	select count(*) as orders, min(deadline_at) as ends,
		coalesce(sum((select sum(quantity) from order_items where order_id = orders.id)), 0)::bigint as units
	from orders where customer_id = $1 and status in ('pending', 'reserved')
) open`

// ticket is what an order is placed with.
type ticket struct {
	now      time.Time // the database's, once the customer's lock is held
	standing domain.Standing
}

// take queues the lock of the shopper, and after it all that counts against the order.
func (t *ticket) take(b *pgx.Batch, s domain.Shopper) {
	b.Queue(lockCustomer, s.CustomerID)
	b.Queue(selectStanding, s.CustomerID, s.Limits.Declines-1, network(s), s.Limits.DeclinesPerAddress-1).QueryRow(func(row pgx.Row) error {
		var ends, declined, there *time.Time
		err := row.Scan(&t.now, &t.standing.Orders, &t.standing.Units, &ends, &declined, &there)
		t.now = t.now.UTC()
		t.standing.Ends, t.standing.Declined, t.standing.DeclinedThere = value(ends), value(declined), value(there)
		return err
	})
}

func value(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// network is null when it is not known: then no two orders come from the same one.
func network(s domain.Shopper) *string {
	if s.Network == "" {
		return nil
	}
	return &s.Network
}

const insertDeclines = `
insert into declines (order_id, customer_id, network, declined_at)
select id, customer_id, client_network, $2 from orders where id = any ($1)`

// insertDeclines queues a row for each order that ends in a decline now; an order ends once. It must come before the orders
// are updated, which forgets where they were placed from.
func (w *work) insertDeclines(b *pgx.Batch) {
	var ids []string
	for _, id := range w.touched {
		if w.orders[id].Declined() && slices.ContainsFunc(w.events[id], ends) {
			ids = append(ids, id)
		}
	}
	if len(ids) > 0 {
		b.Queue(insertDeclines, ids, w.now)
	}
}

func ends(e domain.Event) bool {
	_, ok := e.(domain.OrderCancelled)
	return ok
}

const deleteDeclines = `
with gone as (delete from declines where order_id in (
	select order_id from declines where declined_at < now() - $1::interval and declined_at >= $2
	order by declined_at limit $3 for update skip locked)
returning declined_at)
select max(declined_at) from gone`

// ForgetDeclines deletes up to limit declines that are older than the time for which they count, the oldest first and none from before
// after. It returns the time of the last one, nil if there was none. Two replicas that do it at once do not meet.
func (r *Orders) ForgetDeclines(ctx context.Context, counted time.Duration, after time.Time, limit int) (last *time.Time, err error) {
	err = r.pool.QueryRow(ctx, deleteDeclines, counted, after, limit).Scan(&last)
	return last, postgres.Translate(err)
}
