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
	listPage = ` and (placed_at, id) < ($1, $2) order by placed_at desc, orders.id desc limit $3`

	listByCustomer         = `select ` + orderColumns + ` from orders where customer_id = $4` + listPage
	listByCustomerAndState = `select ` + orderColumns + ` from orders where customer_id = $4 and status = $5` + listPage
	listAll                = `select ` + orderColumns + ` from orders where true` + listPage
	listByState            = `select ` + orderColumns + ` from orders where status = $4` + listPage
)

// List returns a page of orders, the newest first, and whether there are more.
func (r *Orders) List(ctx context.Context, q domain.Query) (page []domain.Order, more bool, err error) {
	statement, args := listStatement(q)
	rows, err := r.pool.Query(ctx, statement, args...)
	if err == nil {
		err = collectOrders(&page)(rows)
	}
	if err != nil {
		return nil, false, postgres.Translate(err)
	}
	if len(page) > q.Limit {
		page, more = page[:q.Limit], true
	}
	return page, more, r.addLines(ctx, page)
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

func (r *Orders) addLines(ctx context.Context, orders []domain.Order) error {
	ids := make([]string, len(orders))
	for i, o := range orders {
		ids[i] = o.ID
	}
	lines := map[string][]domain.Line{}
	b := new(pgx.Batch)
	queueItems(b, ids, lines)
	if err := r.pool.SendBatch(ctx, b).Close(); err != nil {
		return postgres.Translate(err)
	}
	for i, o := range orders {
		orders[i] = withLines(o, lines[o.ID])
	}
	return nil
}

const selectTimeline = `
select seq, type, source, trace_id, occurred_at, data from order_events where order_id = $1 order by seq`

// Timeline returns what happened to an order, in sequence; nothing for an order that does not exist.
func (r *Orders) Timeline(ctx context.Context, id string) ([]domain.Recorded, error) {
	rows, err := r.pool.Query(ctx, selectTimeline, id)
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
