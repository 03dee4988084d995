package repository

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/idempotency"
	"marketplace/shared/postgres"
)

const productColumns = `id, seller_id, sku, name, description, price_amount, price_currency,
	coalesce(category_id::text, ''), status, attributes, version, created_at, updated_at`

func scanProduct(row pgx.CollectableRow) (p domain.Product, err error) {
	err = row.Scan(&p.ID, &p.SellerID, &p.SKU, &p.Name, &p.Description, &p.Price.Amount, &p.Price.Currency,
		&p.CategoryID, &p.Status, &p.Attributes, &p.Version, &p.CreatedAt, &p.UpdatedAt)
	return p, err
}

// summaryColumns leave out what can be long.
const summaryColumns = `id, seller_id, sku, name, price_amount, price_currency, coalesce(category_id::text, ''), status, version,
	created_at, updated_at`

func scanSummary(row pgx.CollectableRow) (p domain.Product, err error) {
	err = row.Scan(&p.ID, &p.SellerID, &p.SKU, &p.Name, &p.Price.Amount, &p.Price.Currency, &p.CategoryID, &p.Status, &p.Version,
		&p.CreatedAt, &p.UpdatedAt)
	return p, err
}

const insertProduct = `insert into products (id, seller_id, sku, name, description, price_amount, price_currency,
	category_id, status, attributes, version, created_at, updated_at)
	values ($1, $2, $3, $4, $5, $6, $7, nullif($8, '')::uuid, $9, $10, $11, $12, $13)`

// Create stores a new product and the reply to its request, or returns the reply that the key has already.
func (c *Catalogue) Create(
	ctx context.Context, key idempotency.Key, p domain.Product, reply idempotency.Reply,
) (idempotency.Reply, error) {
	reply, err := c.insertOnce(ctx, key, reply, func(b *pgx.Batch) {
		b.Queue(insertProduct, p.ID, p.SellerID, p.SKU, p.Name, p.Description, p.Price.Amount, p.Price.Currency,
			p.CategoryID, p.Status, p.Attributes, p.Version, p.CreatedAt, p.UpdatedAt)
	})
	return reply, meaning(err)
}

// Get returns a product, or domain.ErrNotFound.
func (c *Catalogue) Get(ctx context.Context, id string) (domain.Product, error) {
	rows, err := c.pool.Query(ctx, `select `+productColumns+` from products where id = $1`, id)
	if err != nil {
		return domain.Product{}, postgres.Translate(err)
	}
	return oneProduct(rows)
}

// GetMany returns the products that exist among the ids, in no order.
func (c *Catalogue) GetMany(ctx context.Context, ids []string) ([]domain.Product, error) {
	rows, err := c.pool.Query(ctx, `select `+productColumns+` from products where id = any($1)`, ids)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	products, err := pgx.CollectRows(rows, scanProduct)
	return products, postgres.Translate(err)
}

const updateProduct = `update products set name = $2, description = $3, price_amount = $4, price_currency = $5,
	category_id = nullif($6, '')::uuid, status = $7, attributes = $8, version = $9, updated_at = $10 where id = $1`

// Update locks a product, lets decide make its successor, and stores that if its version differs. An error from decide
// changes nothing and comes back as it is.
func (c *Catalogue) Update(
	ctx context.Context, id string, decide func(domain.Product) (domain.Product, error),
) (next domain.Product, err error) {
	var now domain.Product
	err = postgres.InBatches(ctx, c.pool,
		func(b *pgx.Batch) {
			b.Queue(`select `+productColumns+` from products where id = $1 for no key update`, id).
				Query(func(rows pgx.Rows) error {
					now, err = oneProduct(rows)
					return err
				})
		},
		func(b *pgx.Batch) error {
			if next, err = decide(now); err != nil || next.Version == now.Version {
				return err
			}
			b.Queue(updateProduct, id, next.Name, next.Description, next.Price.Amount, next.Price.Currency,
				next.CategoryID, next.Status, next.Attributes, next.Version, next.UpdatedAt)
			return nil
		})
	return next, meaning(err)
}

func oneProduct(rows pgx.Rows) (domain.Product, error) {
	p, err := pgx.CollectExactlyOneRow(rows, scanProduct)
	if errors.Is(err, pgx.ErrNoRows) {
		return domain.Product{}, domain.ErrNotFound
	}
	return p, postgres.Translate(err)
}
