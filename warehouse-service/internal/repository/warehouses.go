package repository

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/shared/idempotency"
	"marketplace/shared/postgres"
	"marketplace/warehouse-service/internal/domain"
)

// Warehouses reads and writes warehouses.
type Warehouses struct{ pool *pgxpool.Pool }

// NewWarehouses returns the repository.
func NewWarehouses(pool *pgxpool.Pool) *Warehouses { return &Warehouses{pool: pool} }

const warehouseColumns = `id::text, code, name, created_at, version`

// Create saves a new warehouse and the reply: domain.ErrWarehouseCode when another has its code.
func (r *Warehouses) Create(ctx context.Context, w domain.Warehouse, answer idempotency.Answer[domain.Warehouse]) (idempotency.Reply, error) {
	return idempotency.Do(ctx, r.pool, answer.Key, func() (reply idempotency.Reply, err error) {
		err = postgres.InBatches(ctx, r.pool, nil, func(b *pgx.Batch) (err error) {
			answer.Claim(b)
			b.Queue(`insert into warehouses (id, code, name, created_at, version) values ($1, $2, $3, $4, $5)`,
				w.ID, w.Code, w.Name, w.CreatedAt, w.Version)
			reply, err = answer.Save(b, w)
			return err
		})
		return reply, codeTaken(err)
	})
}

// Update changes a warehouse under its lock, or returns domain.ErrNoWarehouse. It is saved if its version differs.
func (r *Warehouses) Update(ctx context.Context, id string, change func(domain.Warehouse) (domain.Warehouse, error)) (after domain.Warehouse, err error) {
	var found []domain.Warehouse
	err = postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			b.Queue(`select `+warehouseColumns+` from warehouses where id = $1 for no key update`, id).Query(func(rows pgx.Rows) (err error) {
				found, err = pgx.CollectRows(rows, scanWarehouse)
				return err
			})
		},
		func(b *pgx.Batch) error {
			if len(found) == 0 {
				return domain.ErrNoWarehouse
			}
			if after, err = change(found[0]); err != nil || after.Version == found[0].Version {
				return err
			}
			b.Queue(`update warehouses set code = $2, name = $3, version = $4 where id = $1`, id, after.Code, after.Name, after.Version)
			return nil
		})
	return after, codeTaken(err)
}

// List returns a page of warehouses in the order of their codes.
func (r *Warehouses) List(ctx context.Context, after string, limit int) ([]domain.Warehouse, error) {
	var c conditions
	addIf(&c, "code > ?", after)
	return list(ctx, r.pool, page(`select `+warehouseColumns+` from warehouses`, c, "warehouses.code", limit), scanWarehouse)
}

func scanWarehouse(row pgx.CollectableRow) (w domain.Warehouse, err error) {
	err = row.Scan(&w.ID, &w.Code, &w.Name, &w.CreatedAt, &w.Version)
	return w, err
}

func codeTaken(err error) error {
	if postgres.Violates(err, "warehouses_code") {
		return errors.Join(domain.ErrWarehouseCode, err)
	}
	return err
}
