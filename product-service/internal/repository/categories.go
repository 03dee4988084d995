package repository

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/idempotency"
	"marketplace/shared/postgres"
)

// Categories lists all by name, domain.MaxCategories at most.
func (c *Catalogue) Categories(ctx context.Context) ([]domain.Category, error) {
	rows, err := c.pool.Query(ctx, `select id, name, version from categories order by text_key(name) limit $1`, domain.MaxCategories)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[domain.Category])
	return all, postgres.Translate(err)
}

// CreateCategory stores a new category and the reply to its request, or returns the reply that the key has already.
func (c *Catalogue) CreateCategory(
	ctx context.Context, key idempotency.Key, category domain.Category, reply idempotency.Reply,
) (idempotency.Reply, error) {
	reply, err := c.insertOnce(ctx, key, reply, func(b *pgx.Batch) {
		b.Queue(`insert into categories (id, name, version) values ($1, $2, $3)`, category.ID, category.Name, category.Version)
	})
	return reply, meaning(err)
}

// UpdateCategory locks a category, lets decide make its successor and stores that.
func (c *Catalogue) UpdateCategory(
	ctx context.Context, id string, decide func(domain.Category) (domain.Category, error),
) (next domain.Category, err error) {
	var now domain.Category
	err = postgres.InBatches(ctx, c.pool,
		func(b *pgx.Batch) { lockCategory(b, id, &now) },
		func(b *pgx.Batch) error {
			if next, err = decide(now); err != nil || next.Version == now.Version {
				return err
			}
			b.Queue(`update categories set name = $2, version = $3 where id = $1`, id, next.Name, next.Version)
			return nil
		})
	return next, meaning(err)
}

// archivedAtOnce is how many archived products one transaction takes out of a category: 100,000 would not end within the limit of a
// statement, and the category could never be deleted.
const archivedAtOnce = 1000

const (
	selectCategoryUsed = `select exists (select from products where category_id = $1 and status in ('draft', 'active'))`

	clearArchived = `update products set category_id = null, version = version + 1, updated_at = now()
		where id in (select id from products where category_id = $1 and status = 'archived' order by id limit $2 for update)`
)

// DeleteCategory removes a category that check agrees to; domain.ErrCategoryUsed while a draft or an active product is in it.
// Archived products lose the category first: nothing else would ever take them out of it. They do so in transactions of
// a bounded size, so when the request ends too early, or a product comes into the category meanwhile, some have lost it and the category is
// still there: the next request goes on with the rest.
func (c *Catalogue) DeleteCategory(ctx context.Context, id string, check func(domain.Category) error) error {
	for {
		deleted, err := c.deleteOrClear(ctx, id, check)
		switch {
		case postgres.Violates(err, "products_category"):
			return errors.Join(domain.ErrCategoryUsed, err)
		case err != nil || deleted:
			return postgres.Translate(err)
		}
	}
}

// deleteOrClear takes archived products out of the category, and deletes it if those were the last.
func (c *Catalogue) deleteOrClear(ctx context.Context, id string, check func(domain.Category) error) (deleted bool, err error) {
	var (
		now     domain.Category
		used    bool
		cleared int64
	)
	err = postgres.InBatches(ctx, c.pool,
		func(b *pgx.Batch) {
			lockCategory(b, id, &now)
			b.Queue(selectCategoryUsed, id).QueryRow(func(row pgx.Row) error { return row.Scan(&used) })
			b.Queue(clearArchived, id, archivedAtOnce).Exec(func(tag pgconn.CommandTag) error { cleared = tag.RowsAffected(); return nil })
		},
		func(b *pgx.Batch) error {
			if err := check(now); err != nil {
				return err
			}
			if used {
				return domain.ErrCategoryUsed
			}
			if deleted = cleared < archivedAtOnce; deleted {
				b.Queue(`delete from categories where id = $1`, id)
			}
			return nil
		})
	return deleted, err
}

func lockCategory(b *pgx.Batch, id string, into *domain.Category) {
	b.Queue(`select id, name, version from categories where id = $1 for no key update`, id).Query(func(rows pgx.Rows) error {
		category, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[domain.Category])
		if errors.Is(err, pgx.ErrNoRows) {
			return domain.ErrNoCategory
		}
		*into = category
		return err
	})
}
