package repository_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/warehouse-service/internal/repository"
)

// Every statement that runs for each order, or for each page of a list, finds its rows by an index, however much there is.
func TestStatements_UseAnIndex(t *testing.T) {
	t.Parallel()
	s := open(t)
	for _, statement := range []string{
		`insert into warehouses (id, code, name) select gen_random_uuid(), 'W' || i, 'Depot' from generate_series(1, 4) i`,
		`insert into stock (product_id, warehouse_id, on_hand) select p, id, 100 from warehouses, (select gen_random_uuid() p from generate_series(1, 5000)) products`,
		`insert into fulfilments (order_id, status, deadline_at) select gen_random_uuid(), 'released', now() from generate_series(1, 20000)`,
		`insert into reservations (order_id, product_id, warehouse_id, quantity, status)
			select order_id, gen_random_uuid(), gen_random_uuid(), 1, 'released' from fulfilments`,
		`insert into shipments (id, order_id, number, of, warehouse_id, status) select gen_random_uuid(), order_id, 1, 1, gen_random_uuid(), 'delivered' from fulfilments`,
		`insert into movements (product_id, warehouse_id, quantity, kind, ref) select product_id, warehouse_id, 1, 'supply', '' from stock`,
		`analyze`,
	} {
		_, err := s.pool.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
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
		{"available", `select sum(on_hand - reserved) from stock where product_id = $1`, []any{product}},
		{"stock page", `select product_id from stock where (product_id, warehouse_id) > ($1, $2) order by product_id, warehouse_id limit 20`, []any{product, newID()}},
		{"movements of a product", `select id from movements where product_id = $1 and id < 1000 order by id desc limit 20`, []any{product}},
		{"shipments to pick", `select id from shipments where status = 'pending' and id < $1 order by id desc limit 20`, []any{newID()}},
		{"overdue", `select count(*) from fulfilments where status = 'reserved' and deadline_at < now()`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			rows, err := s.pool.Query(t.Context(), "explain "+c.query, c.args...)
			require.NoError(t, err)
			plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
			require.NoError(t, err)
			require.NotContains(t, strings.Join(plan, "\n"), "Seq Scan on", "%s", strings.Join(plan, "\n"))
		})
	}
}
