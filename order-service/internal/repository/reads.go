package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/postgres"
)

const selectOrder = `select ` + orderColumns + ` from orders where id = $1`

// Get returns an order with its lines, or domain.ErrNotPlaced.
func (r *Orders) Get(ctx context.Context, id string) (domain.Order, error) {
	var found []domain.Order
	lines := map[string][]domain.Line{}
	b := new(pgx.Batch)
	b.Queue(selectOrder, id).Query(collectOrders(&found))
	queueItems(b, []string{id}, lines)
	if err := r.pool.SendBatch(ctx, b).Close(); err != nil {
		return domain.Order{}, postgres.Translate(err)
	}
	if len(found) == 0 {
		return domain.Order{}, domain.ErrNotPlaced
	}
	return withLines(found[0], lines[id]), nil
}

func collectOrders(into *[]domain.Order) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Order, error) { return scanOrder(row) })
		return err
	}
}

// One statement for each way to ask, so that each has the plan of its index.
const (
	listed = `select ` + orderColumns + `,
	(select coalesce(sum(quantity), 0)::bigint from order_items where order_items.order_id = orders.id) from orders`

	listPage = ` and (placed_at, id) < ($1, $2) order by placed_at desc, orders.id desc limit $3`

	listByCustomer         = listed + ` where customer_id = $4` + listPage
	listByCustomerAndState = listed + ` where customer_id = $4 and status = $5` + listPage
	listAll                = listed + ` where true` + listPage
	listByState            = listed + ` where status = $4` + listPage
)

// List returns a page of orders without their lines, the newest first, and whether there are more.
func (r *Orders) List(ctx context.Context, q domain.Query) (page []domain.Summary, more bool, err error) {
	statement, args := listStatement(q)
	rows, err := r.pool.Query(ctx, statement, args...)
	if err == nil {
		page, err = pgx.CollectRows(rows, scanSummary)
	}
	if err != nil {
		return nil, false, postgres.Translate(err)
	}
	if len(page) > q.Limit {
		page, more = page[:q.Limit], true
	}
	return page, more, nil
}

func scanSummary(row pgx.CollectableRow) (s domain.Summary, err error) {
	s.Order, err = scanOrder(row, &s.Units)
	return s, err
}

func listStatement(q domain.Query) (string, []any) {
	after := q.After
	if after.ID == "" {
		after = domain.Position{PlacedAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), ID: "ffffffff-ffff-ffff-ffff-ffffffffffff"}
	}
	args := []any{after.PlacedAt, after.ID, q.Limit + 1} // one more, to know whether there is a next page
	switch {
	case q.CustomerID != "" && q.Status != "":
		return listByCustomerAndState, append(args, q.CustomerID, string(q.Status))
	case q.CustomerID != "":
		return listByCustomer, append(args, q.CustomerID)
	case q.Status != "":
		return listByState, append(args, string(q.Status))
	}
	return listAll, args
}

// The lines of an order, and those of which there was too little, have no place in a page: the order shows them.
const selectTimeline = `
select seq, type, source, trace_id, occurred_at, (data - 'items') #- '{reason,shortages}'
from order_events where order_id = $1 and seq > $2 order by seq limit $3`

// Timeline returns what happened to an order after an event, in sequence; nothing for an order that does not exist.
func (r *Orders) Timeline(ctx context.Context, id string, after, limit int) ([]domain.Recorded, error) {
	rows, err := r.pool.Query(ctx, selectTimeline, id, after, limit)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	entries, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e domain.Recorded, err error) {
		err = row.Scan(&e.Seq, &e.Type, &e.Source, &e.TraceID, &e.OccurredAt, &e.Data)
		e.OccurredAt = e.OccurredAt.UTC()
		return e, err
	})
	return entries, postgres.Translate(err)
}

const selectStatuses = `select id::text, status from orders where id = any ($1)`

// Statuses returns where each of the orders stands, for all who wait for one.
func (r *Orders) Statuses(ctx context.Context, ids []string) (map[string]domain.Status, error) {
	rows, err := r.pool.Query(ctx, selectStatuses, ids)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	found := make(map[string]domain.Status, len(ids))
	var id string
	var status domain.Status
	_, err = pgx.ForEachRow(rows, []any{&id, &status}, func() error { found[id] = status; return nil })
	return found, postgres.Translate(err)
}
