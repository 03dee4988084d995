package repository_test

import (
	"io/fs"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
	"marketplace/warehouse-service/internal/domain"
	"marketplace/warehouse-service/internal/repository"
	"marketplace/warehouse-service/migrations"
)

// misplaced counts the rows that are low and not listed so, or the other way round.
func misplaced(t *testing.T, pool *pgxpool.Pool) (n int) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), `
		select count(*) from (select product_id, warehouse_id from stock where on_hand - reserved < $1) s
		full join low_stock l using (product_id, warehouse_id) where s.product_id is null or l.product_id is null`, domain.LowStock).Scan(&n))
	return n
}

// shelves are rows of stock around the threshold; the keys, in order.
func shelves(t *testing.T, pool *pgxpool.Pool, rows int) (products, warehouses []string) {
	t.Helper()
	require.NoError(t, pool.QueryRow(t.Context(), `
		with w as (insert into warehouses (id, code, name) values (gen_random_uuid(), 'LON', 'Depot') returning id),
		s as (insert into stock (product_id, warehouse_id, on_hand) select gen_random_uuid(), id, n % 20 from w, generate_series(1, $1) n
			returning product_id::text p, warehouse_id::text w)
		select array_agg(p order by p), array_agg(w order by p) from s`, rows).Scan(&products, &warehouses))
	return products, warehouses
}

// Twenty writers reserve, free, receive and send around the threshold.
func TestLowStock_IsListedWhateverChangesIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	products, warehouses := shelves(t, s.pool, 40)
	require.Zero(t, misplaced(t, s.pool))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 20 {
				at, n := rand.IntN(len(products)-2), 2
				onHand, reserved := []int64{rand.Int64N(5) - 2, rand.Int64N(5) - 2}, []int64{rand.Int64N(5) - 2, rand.Int64N(5) - 2}
				tx, err := s.pool.Begin(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				_, err = tx.Exec(t.Context(), `select from stock where product_id = any ($1) order by product_id for no key update`, products[at:at+n])
				if err == nil {
					_, err = tx.Exec(t.Context(), repository.ChangeStock, products[at:at+n], warehouses[at:at+n], onHand, reserved)
				}
				if err == nil {
					err = tx.Commit(t.Context())
				} else {
					_ = tx.Rollback(t.Context())
				}
				if err != nil && !postgres.Violates(err, "stock_bounds") {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	require.Zero(t, misplaced(t, s.pool))
	require.Positive(t, s.count(`select count(*) from low_stock`))
}

// Orders change the busiest rows all the time. Their new versions stay on their page, although all of them cross the threshold.
func TestLowStock_CostsNoUpdateItsPlaceOnThePage(t *testing.T) {
	t.Parallel()
	s := open(t)
	shelves(t, s.pool, 200)
	const cross = `update stock set on_hand = case when on_hand < 10 then on_hand + 10 else on_hand - 10 end`
	onPage := func(statements ...string) (updated, hot int) {
		tx, err := s.pool.Begin(t.Context())
		require.NoError(t, err)
		defer func() { _ = tx.Rollback(t.Context()) }()
		// What the connection has counted and not reported yet, of earlier transactions too.
		const counted = `select pg_stat_get_xact_tuples_updated('stock'::regclass), pg_stat_get_xact_tuples_hot_updated('stock'::regclass)`
		var updatedBefore, hotBefore int
		require.NoError(t, tx.QueryRow(t.Context(), counted).Scan(&updatedBefore, &hotBefore))
		for _, statement := range statements {
			_, err := tx.Exec(t.Context(), statement)
			require.NoError(t, err)
		}
		require.NoError(t, tx.QueryRow(t.Context(), counted).Scan(&updated, &hot))
		return updated - updatedBefore, hot - hotBefore
	}
	updated, hot := onPage(cross)
	require.Equal(t, 200, updated)
	require.Equal(t, updated, hot)
	_, hot = onPage(`create index on stock (product_id) where on_hand - reserved < 10`, cross)
	require.Zero(t, hot, "the test can fail")
}

// What a page costs depends on what it shows, and not on how few of all rows are low.
func TestLowStock_APageReadsWhatItShows(t *testing.T) {
	t.Parallel()
	s := open(t)
	_, warehouses := shelves(t, s.pool, 20000)
	testkit.Fill(t, s.pool, `update stock set on_hand = 1000 where abs(hashtext(product_id::text)) % 1000 > 0`)
	for _, table := range []string{"stock", "low_stock"} {
		_, err := s.pool.Exec(t.Context(), "vacuum analyze "+table)
		require.NoError(t, err)
	}
	for _, q := range []domain.StockQuery{{Low: true, Limit: 21}, {Low: true, WarehouseID: warehouses[0], Limit: 21}} {
		sql, args := repository.StockPage(q)
		require.Less(t, testkit.Buffers(t, s.pool, sql, args...), 150)
	}
	sql, args := repository.StockPage(domain.StockQuery{Limit: 21})
	require.Less(t, testkit.Buffers(t, s.pool, sql, args...), 150)
	before := `select from stock where on_hand - reserved < 10 order by product_id, warehouse_id limit 21`
	require.Greater(t, testkit.Buffers(t, s.pool, before), 150, "the test can fail")
}

// A shop that is there gets the list of what is low.
func TestMigrate_WhatIsLowAlreadyIsListed(t *testing.T) {
	t.Parallel()
	before := fstest.MapFS{}
	files, err := fs.Glob(migrations.Files, "000[1-4]*.sql")
	require.NoError(t, err)
	for _, name := range files {
		data, err := migrations.Files.ReadFile(name)
		require.NoError(t, err)
		before[name] = &fstest.MapFile{Data: data}
	}
	db := testkit.Database(t, "warehouse_service", before)
	shelves(t, db.Pool, 100)
	require.NoError(t, postgres.Migrate(t.Context(), postgres.Config{URL: db.URL, Schema: "warehouse_service"}, migrations.Files))
	require.Zero(t, misplaced(t, db.Pool))
	var low int
	require.NoError(t, db.Pool.QueryRow(t.Context(), `select count(*) from low_stock`).Scan(&low))
	require.Equal(t, 50, low)
}
