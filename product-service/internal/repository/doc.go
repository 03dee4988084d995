// Package repository keeps the catalogue in PostgreSQL. SQL stands beside the method that runs it; driver errors become
// faults, or the domain's errors where it has one, and leave this package as such.
package repository

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/idempotency"
	"marketplace/shared/postgres"
)

// Catalogue is the store of products and categories.
type Catalogue struct{ pool *pgxpool.Pool }

// New returns the store behind a pool.
func New(pool *pgxpool.Pool) *Catalogue { return &Catalogue{pool: pool} }

// insertOnce runs one insert together with the record of its reply, if the request has a key.
func (c *Catalogue) insertOnce(
	ctx context.Context, key idempotency.Key, reply idempotency.Reply, insert func(*pgx.Batch),
) (idempotency.Reply, error) {
	return idempotency.Do(ctx, c.pool, key, func() (idempotency.Reply, error) {
		return reply, postgres.InBatches(ctx, c.pool, nil, func(b *pgx.Batch) error {
			if key.Key == "" {
				insert(b)
				return nil
			}
			idempotency.Claim(b, key)
			insert(b)
			idempotency.Save(b, key, reply)
			return nil
		})
	})
}

// meaning gives a constraint's refusal its name in the domain.
func meaning(err error) error {
	switch {
	case err == nil:
		return nil
	case postgres.Violates(err, "products_sku"):
		return errors.Join(domain.ErrSKUTaken, err)
	case postgres.Violates(err, "products_category"):
		return errors.Join(domain.ErrNoCategory, err)
	case postgres.Violates(err, "categories_name"):
		return errors.Join(domain.ErrCategoryTaken, err)
	}
	return postgres.Translate(err)
}
