package repository

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"marketplace/product-service/internal/domain"
	"marketplace/product-service/migrations"
	"marketplace/shared/testkit"
)

// shelve makes a category with archived products, and one of another status if any.
func shelve(t *testing.T, pool *pgxpool.Pool, category string, archived int, other string) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `insert into categories (id, name) values ($1, $2)`, category, category)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `insert into products (id, seller_id, sku, name, description, price_amount, price_currency, category_id, status,
			created_at, updated_at)
		select gen_random_uuid(), gen_random_uuid(), 'sku', 'product', '', 100, 'USD', $1, case when n = 0 then $3 else 'archived' end, now(), now()
		from generate_series(case when $3 = '' then 1 else 0 end, $2) n`, category, archived, other)
	require.NoError(t, err)
}

func TestDeleteCategory_TakesArchivedProductsOutInBoundedTransactions(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "product_service", migrations.Files)
	const archived = 2*archivedAtOnce + 1
	shelve(t, db.Pool, someID(1), archived, "")
	agree := func(domain.Category) error { return nil }

	require.NoError(t, New(db.Pool).DeleteCategory(t.Context(), someID(1), agree))
	require.Zero(t, count(t, db, `select count(*) from categories`))
	require.Equal(t, archived, count(t, db, `select count(*) from products where category_id is null and version = 2`))
	require.Equal(t, archivedAtOnce, count(t, db, `select max(n) from (select count(*) n from products group by xmin::text) transactions`))

	shelve(t, db.Pool, someID(2), archivedAtOnce, "")
	require.NoError(t, New(db.Pool).DeleteCategory(t.Context(), someID(2), agree), "exactly one transaction full")
	require.ErrorIs(t, New(db.Pool).DeleteCategory(t.Context(), someID(2), agree), domain.ErrNoCategory)
}

func TestDeleteCategory_ThatIsRefusedTakesNothingOut(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "product_service", migrations.Files)
	stale := errors.New("another version")
	for i, other := range []string{"draft", "active", ""} {
		shelve(t, db.Pool, someID(i), 3, other)
		err := New(db.Pool).DeleteCategory(t.Context(), someID(i), func(domain.Category) error {
			if other == "" {
				return stale
			}
			return nil
		})
		if other == "" {
			require.ErrorIs(t, err, stale)
		} else {
			require.ErrorIs(t, err, domain.ErrCategoryUsed, other)
		}
		require.Equal(t, 3, count(t, db, `select count(*) from products where category_id = $1 and status = 'archived'`, someID(i)))
	}
}
