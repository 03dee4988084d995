package repository

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/idempotency"
	"marketplace/shared/postgres"
)

// maxCategories bounds the list, which has no pages: a shop's shelves are few.
const maxCategories = 1000

// Categories lists all by name.
func (c *Catalogue) Categories(ctx context.Context) ([]domain.Category, error) {
	rows, err := c.pool.Query(ctx, `select id, name, version from categories order by lower(name) limit $1`, maxCategories)
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

// DeleteCategory removes a category that check agrees to and no product is in, archived ones included; otherwise
// domain.ErrCategoryUsed.
func (c *Catalogue) DeleteCategory(ctx context.Context, id string, check func(domain.Category) error) error {
	var now domain.Category
	err := postgres.InBatches(ctx, c.pool,
		func(b *pgx.Batch) { lockCategory(b, id, &now) },
		func(b *pgx.Batch) error {
			if err := check(now); err != nil {
				return err
			}
			b.Queue(`delete from categories where id = $1`, id)
			return nil
		})
	if postgres.Violates(err, "products_category") {
		return errors.Join(domain.ErrCategoryUsed, err)
	}
	return postgres.Translate(err)
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
