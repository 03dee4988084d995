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

// Supplies reads and writes supplies. What is received goes into stock and ledger in the same transaction.
type Supplies struct{ pool *pgxpool.Pool }

// NewSupplies returns the repository.
func NewSupplies(pool *pgxpool.Pool) *Supplies { return &Supplies{pool: pool} }

// SupplyAnswer makes the reply to a command, from the supply as the command leaves it.
type SupplyAnswer = idempotency.Answer[domain.Supply]

const (
	supplyColumns = `id::text, warehouse_id::text, supplier, expected_at, status, created_at, version`

	insertSupply = `
insert into supplies (id, warehouse_id, supplier, expected_at, status, created_at, version) values ($1, $2, $3, $4, $5, $6, $7)`

	insertSupplyLines = `
insert into supply_lines (supply_id, product_id, position, ordered)
select $1, product_id, position, ordered from unnest($2::uuid[], $3::int[], $4::bigint[]) as new (product_id, position, ordered)`

	updateSupplyLines = `
update supply_lines set received = new.received
from unnest($2::uuid[], $3::bigint[]) as new (product_id, received)
where supply_id = $1 and supply_lines.product_id = new.product_id`

	// In key order, as everybody locks stock.
	receiveStock = `
insert into stock (product_id, warehouse_id, on_hand, reserved)
select product_id, warehouse_id, on_hand, reserved
from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) as new (product_id, warehouse_id, on_hand, reserved)
order by product_id, warehouse_id
on conflict (product_id, warehouse_id) do update set on_hand = stock.on_hand + excluded.on_hand, version = stock.version + 1`
)

// Once runs effect unless the key has a reply already: see idempotency.Do.
func (r *Supplies) Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error) {
	return idempotency.Do(ctx, r.pool, key, effect)
}

// Create saves a new supply and the reply: domain.ErrNoWarehouse when its warehouse is absent. It runs within Once.
func (r *Supplies) Create(ctx context.Context, s domain.Supply, answer SupplyAnswer) (reply idempotency.Reply, err error) {
	err = postgres.InBatches(ctx, r.pool, nil, func(b *pgx.Batch) (err error) {
		answer.Claim(b)
		b.Queue(insertSupply, s.ID, s.WarehouseID, s.Supplier, s.ExpectedAt, string(s.Status), s.CreatedAt, s.Version)
		products, ordered, positions := make([]string, len(s.Lines)), make([]int64, len(s.Lines)), make([]int, len(s.Lines))
		for i, l := range s.Lines {
			products[i], ordered[i], positions[i] = l.ProductID, l.Ordered, i+1
		}
		b.Queue(insertSupplyLines, s.ID, products, positions, ordered)
		reply, err = answer.Save(b, s)
		return err
	})
	if postgres.Violates(err, "supplies_warehouse") {
		return reply, errors.Join(domain.ErrNoWarehouse, err)
	}
	return reply, err
}

// Update changes a supply under its lock and saves what that does to stock: domain.ErrNoSupply when it is absent. What changes
// nothing leaves the version.
func (r *Supplies) Update(
	ctx context.Context, id string, change func(domain.Supply) (domain.Supply, domain.Outcome, error), answer SupplyAnswer,
) (idempotency.Reply, error) {
	return idempotency.Do(ctx, r.pool, answer.Key, func() (reply idempotency.Reply, err error) {
		var found []domain.Supply
		err = postgres.InBatches(ctx, r.pool,
			func(b *pgx.Batch) {
				answer.Claim(b)
				queueSupply(b, id, " for no key update", &found)
			},
			func(b *pgx.Batch) error {
				if len(found) == 0 {
					return domain.ErrNoSupply
				}
				after, out, err := change(found[0])
				if err != nil {
					return err
				}
				if after.Status != found[0].Status || len(out.Deltas) > 0 {
					after.Version++
					saveSupply(b, after, out)
				}
				reply, err = answer.Save(b, after)
				return err
			})
		return reply, err
	})
}

func saveSupply(b *pgx.Batch, s domain.Supply, out domain.Outcome) {
	b.Queue(`update supplies set status = $2, version = $3 where id = $1`, s.ID, string(s.Status), s.Version)
	if len(out.Deltas) == 0 {
		return
	}
	products, received := make([]string, len(s.Lines)), make([]int64, len(s.Lines))
	for i, l := range s.Lines {
		products[i], received[i] = l.ProductID, l.Received
	}
	b.Queue(updateSupplyLines, s.ID, products, received)
	b.Queue(receiveStock, columns(out.Deltas)...)
	insertMovements(b, out.Movements)
}

// Get returns a supply with its lines, or domain.ErrNoSupply.
func (r *Supplies) Get(ctx context.Context, id string) (domain.Supply, error) {
	var found []domain.Supply
	b := new(pgx.Batch)
	queueSupply(b, id, "", &found)
	if err := r.pool.SendBatch(ctx, b).Close(); err != nil {
		return domain.Supply{}, postgres.Translate(err)
	}
	if len(found) == 0 {
		return domain.Supply{}, domain.ErrNoSupply
	}
	return found[0], nil
}

func queueSupply(b *pgx.Batch, id, lock string, into *[]domain.Supply) {
	b.Queue(`select `+supplyColumns+` from supplies where id = $1`+lock, id).Query(func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Supply, error) { return scanSupply(row) })
		return err
	})
	const lines = `select product_id::text, ordered, received from supply_lines where supply_id = $1 order by position`
	b.Queue(lines, id).Query(func(rows pgx.Rows) error {
		var l domain.SupplyLine
		_, err := pgx.ForEachRow(rows, []any{&l.ProductID, &l.Ordered, &l.Received}, func() error {
			if len(*into) > 0 {
				(*into)[0].Lines = append((*into)[0].Lines, l)
			}
			return nil
		})
		return err
	})
}

// List returns a page of supplies without their lines, the newest first.
func (r *Supplies) List(ctx context.Context, q domain.SupplyQuery) ([]domain.SupplySummary, error) {
	return list(ctx, r.pool, suppliesPage(q), func(row pgx.CollectableRow) (s domain.SupplySummary, err error) {
		s.Supply, err = scanSupply(row, &s.Ordered, &s.Received)
		return s, err
	})
}

func suppliesPage(q domain.SupplyQuery) query {
	var c conditions
	addIf(&c, "warehouse_id = ?", q.WarehouseID)
	addIf(&c, "status = ?", string(q.Status))
	addIf(&c, "id < ?", q.Before)
	const sums = `, (select sum(ordered)::bigint from supply_lines where supply_id = supplies.id),
		(select sum(received)::bigint from supply_lines where supply_id = supplies.id)`
	return page(`select `+supplyColumns+sums+` from supplies`, c, "supplies.id desc", q.Limit)
}

// scanSupply reads a row of supplyColumns, after which come more columns for more. Lines are not in it.
func scanSupply(row pgx.CollectableRow, more ...any) (s domain.Supply, err error) {
	err = row.Scan(append([]any{&s.ID, &s.WarehouseID, &s.Supplier, &s.ExpectedAt, &s.Status, &s.CreatedAt, &s.Version}, more...)...)
	return s, err
}
