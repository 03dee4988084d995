package repository

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/shared/postgres"
	"marketplace/warehouse-service/internal/domain"
)

// Reads answers questions about stock, its ledger, reservations and shipments.
type Reads struct{ pool *pgxpool.Pool }

// NewReads returns the repository.
func NewReads(pool *pgxpool.Pool) *Reads { return &Reads{pool: pool} }

const selectAvailable = `select coalesce(sum(on_hand - reserved), 0)::bigint, count(*) > 0 from stock where product_id = $1`

// Available is what can still be promised of a product, in all warehouses together, and whether it ever was in one.
func (r *Reads) Available(ctx context.Context, productID string) (available int64, stocked bool, err error) {
	err = r.pool.QueryRow(ctx, selectAvailable, productID).Scan(&available, &stocked)
	return available, stocked, postgres.Translate(err)
}

// Stock returns a page of stock rows in the order of their keys.
func (r *Reads) Stock(ctx context.Context, q domain.StockQuery) ([]domain.StockRow, error) {
	return list(ctx, r.pool, stockPage(q), func(row pgx.CollectableRow) (s domain.StockRow, err error) {
		err = row.Scan(&s.ProductID, &s.WarehouseID, &s.OnHand, &s.Reserved, &s.Version)
		return s, err
	})
}

func stockPage(q domain.StockQuery) query {
	var c conditions
	addIf(&c, "product_id = ?", q.ProductID)
	addIf(&c, "warehouse_id = ?", q.WarehouseID)
	if q.After.ProductID != "" {
		c.add("(product_id, warehouse_id) > (?, ?)", q.After.ProductID, q.After.WarehouseID)
		c.add("product_id >= ?", q.After.ProductID) // follows from it, and lets the index of one warehouse begin there
	}
	const selected = `select product_id::text, warehouse_id::text, on_hand, reserved, version from `
	if q.Low {
		return page(selected+"low_stock join stock using (product_id, warehouse_id)", c, "low_stock.product_id, low_stock.warehouse_id", q.Limit)
	}
	return page(selected+"stock", c, "stock.product_id, stock.warehouse_id", q.Limit)
}

// Movements returns a page of the ledger, the newest first.
func (r *Reads) Movements(ctx context.Context, q domain.MovementQuery) ([]domain.MovementRow, error) {
	return list(ctx, r.pool, movementsPage(q), func(row pgx.CollectableRow) (m domain.MovementRow, err error) {
		err = row.Scan(&m.ID, &m.ProductID, &m.WarehouseID, &m.Quantity, &m.Kind, &m.Cause, &m.CreatedAt)
		return m, err
	})
}

func movementsPage(q domain.MovementQuery) query {
	var c conditions
	addIf(&c, "product_id = ?", q.ProductID)
	addIf(&c, "warehouse_id = ?", q.WarehouseID)
	addIf(&c, "created_at >= ?", q.From)
	addIf(&c, "created_at < ?", q.To)
	addIf(&c, "id < ?", q.Before)
	const selected = `select id, product_id::text, warehouse_id::text, quantity, kind, ref, created_at from movements`
	return page(selected, c, "movements.id desc", q.Limit)
}

// Reservations returns a page of what an order holds or held, by product and warehouse.
func (r *Reads) Reservations(ctx context.Context, orderID string, after domain.Key, limit int) ([]domain.Reservation, error) {
	const query = `select product_id::text, warehouse_id::text, quantity, status from reservations where order_id = $1
		and ($2 = '' or (product_id, warehouse_id) > (nullif($2, '')::uuid, nullif($3, '')::uuid))
		order by reservations.product_id, reservations.warehouse_id limit $4`
	rows, err := r.pool.Query(ctx, query, orderID, after.ProductID, after.WarehouseID, limit)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (v domain.Reservation, err error) {
		err = row.Scan(&v.ProductID, &v.WarehouseID, &v.Quantity, &v.Status)
		return v, err
	})
	return found, postgres.Translate(err)
}
