package repository

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/product-service/internal/domain"
	"marketplace/product-service/migrations"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fill makes 60,000 products of 60 sellers in 20 categories; prices repeat, so that ties are common; one in ten is not active.
func fill(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	testkit.Fill(t, pool,
		`insert into categories (id, name) select lpad(to_hex(n), 32, '0')::uuid, 'category ' || n from generate_series(1, 20) n`,
		`insert into products (id, seller_id, sku, name, description, price_amount, price_currency, category_id, status,
			created_at, updated_at)
			select ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, lpad(to_hex(n % 60 + 1), 32, '0')::uuid,
				'sku-' || n, 'product ' || n, repeat('words ', 20), (n * 7919) % 500 + 1, case when n % 7 = 0 then 'EUR' else 'USD' end,
				lpad(to_hex(n % 20 + 1), 32, '0')::uuid,
				case when n % 20 = 0 then 'draft' when n % 20 = 1 then 'archived' else 'active' end, now(), now()
			from generate_series(1, 60000) n`,
		`analyze products`,
	)
}

func someID(n int) string { return fmt.Sprintf("00000000-0000-0000-0000-%012x", n) }

func filters() (all []domain.Filter) {
	for _, sort := range []domain.Sort{domain.Newest, domain.Cheapest, domain.Dearest} {
		for _, category := range []string{"", someID(5)} {
			for _, seller := range []string{"", someID(7)} {
				f := domain.Filter{Sort: sort, CategoryID: category, SellerID: seller, Limit: 21}
				if sort != domain.Newest {
					f.Currency = "USD"
				}
				all = append(all, f)
				if seller != "" {
					f.All = true
					all = append(all, f)
				}
				if sort != domain.Newest {
					f.Currency, f.MinPrice, f.MaxPrice = "EUR", 100, 400
					all = append(all, f)
				}
			}
		}
	}
	return all
}

func TestList_OnALargeTable(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, "product_service", migrations.Files).Pool
	fill(t, pool)

	t.Run("every page is read from an index in its order", func(t *testing.T) {
		for _, f := range filters() {
			f.After = &domain.Position{ID: "01900000-0000-7000-8000-000000007530", Price: 250}
			plan := explain(t, pool, f)
			require.NotContains(t, plan, "Seq Scan", "%+v\n%s", f, plan)
			if f.CategoryID == "" || f.SellerID == "" { // both together: one index narrows, few rows are sorted
				require.NotContains(t, plan, "Sort", "%+v\n%s", f, plan)
			}
		}
	})
	t.Run("pages meet everything once and in order", func(t *testing.T) {
		catalogue := New(pool)
		for _, f := range filters() {
			if f.CategoryID == "" && f.SellerID == "" {
				continue // 54,000 rows; the others show the same
			}
			where := ""
			if !f.All {
				where = " and status = 'active'"
			}
			var want int
			require.NoError(t, pool.QueryRow(t.Context(), `select count(*) from products where ($1 = '' or category_id::text = $1)
				and ($2 = '' or seller_id::text = $2) and ($3 = '' or price_currency = $3) and price_amount >= $4
				and ($5 = 0 or price_amount <= $5)`+where, f.CategoryID, f.SellerID, f.Currency, f.MinPrice, f.MaxPrice).Scan(&want))
			f.Limit = 400
			require.Equal(t, want, walk(t, catalogue, f), "%+v", f)
		}
	})
}

// A seller who has archived nearly everything is listed as fast as any other.
func TestList_DoesNotReadASellersArchivedProducts(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, "product_service", migrations.Files).Pool
	fill(t, pool)
	testkit.Fill(t, pool, `update products set status = case when id <= '01900000-0000-7000-8000-000000000020' then 'active' else 'archived' end,
		seller_id = '`+someID(7)+`', sku = id::text where id < '01900000-0000-7000-8000-000000000fa0'`)
	_, err := pool.Exec(t.Context(), `vacuum analyze products`) // what the update left behind is not what is measured
	require.NoError(t, err)
	for _, f := range []domain.Filter{
		{Sort: domain.Newest, SellerID: someID(7), Limit: 21, After: &domain.Position{ID: "01900000-0000-7000-8000-000000000fa0"}},
		{Sort: domain.Cheapest, Currency: "USD", SellerID: someID(7), Limit: 21},
		{Sort: domain.Dearest, Currency: "USD", SellerID: someID(7), Limit: 21},
	} {
		sql, args := statement(f)
		require.Less(t, testkit.Buffers(t, pool, sql, args...), 100, "%+v", f)
	}
	sql, args := statement(domain.Filter{Sort: domain.Newest, SellerID: someID(7), Limit: 5000, All: true})
	require.Greater(t, testkit.Buffers(t, pool, sql, args...), 100, "the test can fail")
}

// walk reads all pages and checks that each product comes strictly after the one before.
func walk(t *testing.T, catalogue *Catalogue, f domain.Filter) (count int) {
	t.Helper()
	for {
		page, err := catalogue.List(t.Context(), f)
		require.NoError(t, err)
		for _, p := range page {
			if f.After != nil {
				require.True(t, after(f.Sort, *f.After, domain.Position{ID: p.ID, Price: p.Price.Amount}), "%+v", f)
			}
			f.After = &domain.Position{ID: p.ID, Price: p.Price.Amount}
		}
		if count += len(page); len(page) < f.Limit {
			return count
		}
	}
}

func after(sort domain.Sort, a, b domain.Position) bool {
	switch {
	case sort == domain.Newest:
		return b.ID < a.ID
	case sort == domain.Cheapest && b.Price != a.Price:
		return b.Price > a.Price
	case sort == domain.Dearest && b.Price != a.Price:
		return b.Price < a.Price
	case sort == domain.Dearest:
		return b.ID < a.ID
	default:
		return b.ID > a.ID
	}
}

func TestOtherQueries_UseTheirIndexes(t *testing.T) {
	t.Parallel()
	pool := testkit.Database(t, "product_service", migrations.Files).Pool
	fill(t, pool)
	for _, sql := range []string{
		`select ` + productColumns + ` from products where id = any('{01900000-0000-7000-8000-000000007530,01900000-0000-7000-8000-000000000001}'::uuid[])`,
		`select 1 from products where category_id = '` + someID(99) + `' for key share`, // what deleting a category looks for
		strings.ReplaceAll(selectCategoryUsed, "$1", "'"+someID(5)+"'"),
		strings.NewReplacer("$1", "'"+someID(5)+"'", "$2", "1000").Replace(clearArchived),
	} {
		plan := explainSQL(t, pool, sql)
		require.NotContains(t, plan, "Seq Scan", plan)
	}
}

func explain(t *testing.T, pool *pgxpool.Pool, f domain.Filter) string {
	t.Helper()
	sql, args := statement(f)
	return explainSQL(t, pool, sql, args...)
}

func explainSQL(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) string {
	t.Helper()
	rows, err := pool.Query(context.Background(), "explain "+sql, args...)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(lines, "\n")
}
