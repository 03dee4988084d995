package repository_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
	"marketplace/warehouse-service/internal/domain"
	"marketplace/warehouse-service/internal/repository"
)

// large is a store with enough in it for PostgreSQL to prefer an index.
func large(t *testing.T) *store {
	t.Helper()
	s := open(t)
	testkit.Fill(t, s.pool,
		`insert into warehouses (id, code, name) select gen_random_uuid(), 'W' || i, 'Depot' from generate_series(1, 4) i`,
		`insert into stock (product_id, warehouse_id, on_hand) select p, id, 100 - 95 * (random() < 0.2)::int from warehouses, (select gen_random_uuid() p from generate_series(1, 5000)) products`,
		`insert into fulfilments (order_id, status, deadline_at) select gen_random_uuid(), 'released', now() from generate_series(1, 20000)`,
		`insert into reservations (order_id, product_id, warehouse_id, quantity, status)
			select order_id, gen_random_uuid(), gen_random_uuid(), 1, 'released' from fulfilments`,
		`insert into shipments (id, order_id, number, of, warehouse_id, status) select gen_random_uuid(), order_id, 1, 1, gen_random_uuid(), 'delivered' from fulfilments`,
		`insert into movements (product_id, warehouse_id, quantity, kind, ref, created_at)
			select product_id, warehouse_id, 1, 'supply', '', '2026-01-01T00:00:00Z'::timestamptz + row_number() over () * interval '1 minute' from stock`,
		`insert into movements (product_id, warehouse_id, quantity, kind, ref)
			select product_id, warehouse_id, 1, 'supply', '' from (select product_id, warehouse_id from stock limit 1) often, generate_series(1, 2000)`,
		`insert into supplies (id, warehouse_id, supplier, status, created_at, version)
			select gen_random_uuid(), id, 'Acme', 'received', now(), 1 from warehouses, generate_series(1, 5000)`,
		`insert into supply_lines (supply_id, product_id, position, ordered, received) select id, gen_random_uuid(), 1, 1, 1 from supplies`,
		`analyze`,
	)
	return s
}

// plan is how PostgreSQL would run a statement. There is an index for every statement, so nothing is read whole.
func (s *store) plan(t *testing.T, query string, args ...any) string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), "explain "+query, args...)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	plan := strings.Join(lines, "\n")
	require.NotContains(t, plan, "Seq Scan on", plan)
	return plan
}

// Every statement that runs for each order finds its rows by an index, however much there is.
func TestStatements_UseAnIndex(t *testing.T) {
	t.Parallel()
	s := large(t)
	var product string
	require.NoError(t, s.pool.QueryRow(t.Context(), `select product_id::text from stock limit 1`).Scan(&product))
	ids := []string{newID(), newID()}
	for _, c := range []struct {
		name, query string
		args        []any
	}{
		{"lock fulfilments", repository.LockFulfilments, []any{ids}},
		{"reservations of orders", repository.SelectReservations, []any{ids}},
		{"shipments of orders", repository.SelectShipments, []any{ids}},
		{"lock stock", repository.LockStock, []any{[]string{product, newID()}, ids}},
		{"change stock", repository.ChangeStock, []any{[]string{product}, []string{newID()}, []int64{0}, []int64{1}}},
		{"update fulfilments", repository.UpdateFulfilments, []any{ids, []string{"", ""}, []any{nil, nil}, [][]byte{nil, nil}}},
		{"available", repository.SelectAvailable, []any{product}},
		{"overdue", `select count(*) from fulfilments where status = 'reserved' and deadline_at < now()`, nil},
	} {
		t.Run(c.name, func(t *testing.T) { s.plan(t, c.query, c.args...) })
	}
}

// A page comes out of an index in its order, however far into the list it is: what would have to be sorted grows with the table.
func TestPages_ComeOutOfAnIndexInTheirOrder(t *testing.T) {
	t.Parallel()
	s := large(t)
	var warehouse, product string
	require.NoError(t, s.pool.QueryRow(t.Context(), `select warehouse_id::text, product_id::text from movements order by id desc limit 1`).Scan(&warehouse, &product))
	const limit = 21
	// In the middle: with only some rows left, sorting them would be the better plan.
	after := domain.Key{ProductID: "80000000-0000-0000-0000-000000000000", WarehouseID: warehouse}
	pages := map[string]func() (string, []any){
		"stock":             func() (string, []any) { return repository.StockPage(domain.StockQuery{Limit: limit}) },
		"stock, further on": func() (string, []any) { return repository.StockPage(domain.StockQuery{After: after, Limit: limit}) },
		"stock of a warehouse": func() (string, []any) {
			return repository.StockPage(domain.StockQuery{WarehouseID: warehouse, After: after, Limit: limit})
		},
		"low stock": func() (string, []any) { return repository.StockPage(domain.StockQuery{Low: true, Limit: limit}) },
		"low stock, further on": func() (string, []any) {
			return repository.StockPage(domain.StockQuery{Low: true, After: after, Limit: limit})
		},
		"low stock of a warehouse": func() (string, []any) {
			return repository.StockPage(domain.StockQuery{Low: true, WarehouseID: warehouse, After: after, Limit: limit})
		},
		"movements": func() (string, []any) {
			return repository.MovementsPage(domain.MovementQuery{Before: 10_000, Limit: limit})
		},
		"movements of a product": func() (string, []any) {
			return repository.MovementsPage(domain.MovementQuery{ProductID: product, Before: 10_000, Limit: limit})
		},
		"shipments": func() (string, []any) {
			return repository.ShipmentsPage(domain.ShipmentQuery{Before: newID(), Limit: limit})
		},
		"shipments to pick": func() (string, []any) {
			return repository.ShipmentsPage(domain.ShipmentQuery{Status: domain.ShipmentPending, Limit: limit})
		},
		"supplies": func() (string, []any) {
			return repository.SuppliesPage(domain.SupplyQuery{Before: newID(), Limit: limit})
		},
		"supplies of a warehouse": func() (string, []any) {
			return repository.SuppliesPage(domain.SupplyQuery{WarehouseID: warehouse, Limit: limit})
		},
		"supplies to come": func() (string, []any) {
			return repository.SuppliesPage(domain.SupplyQuery{Status: domain.SupplyExpected, Limit: limit})
		},
	}
	for name, statement := range pages {
		t.Run(name, func(t *testing.T) {
			query, args := statement()
			plan := s.plan(t, query, args...)
			require.NotContains(t, plan, "Sort", plan)
		})
	}
	t.Run("movements of a day long ago", func(t *testing.T) {
		day := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)
		query, args := repository.MovementsPage(domain.MovementQuery{From: day, To: day.Add(time.Hour), Limit: limit})
		plan := s.plan(t, query, args...)
		require.Contains(t, plan, "movements_by_time", plan)
	})
}
