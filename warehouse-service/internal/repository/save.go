package repository

import (
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/failpoint"
	"marketplace/shared/outbox"
	"marketplace/warehouse-service/internal/domain"
)

// save queues one statement per table that changes.
func (w *work) save(b *pgx.Batch) error {
	changeStock(b, w.deltas)
	w.updateFulfilments(b)
	w.saveReservations(b)
	w.saveShipments(b)
	insertMovements(b, w.movements)
	outbox.Append(b, w.records)
	failpoint.Point("warehouse.before_commit")
	return nil
}

const updateFulfilments = `
update fulfilments set status = new.status, deadline_at = new.deadline_at, ship_to = new.ship_to, version = version + 1
from unnest($1::uuid[], $2::text[], $3::timestamptz[], $4::bytea[]) as new (order_id, status, deadline_at, ship_to)
where fulfilments.order_id = new.order_id`

func (w *work) updateFulfilments(b *pgx.Batch) {
	if len(w.touched) == 0 {
		return
	}
	n := len(w.touched)
	statuses, deadlines, addresses := make([]string, n), make([]*time.Time, n), make([][]byte, n)
	for i, id := range w.touched {
		f := w.fulfilments[id]
		statuses[i], addresses[i] = string(f.Status), f.ShipTo
		if !f.Deadline.IsZero() {
			deadlines[i] = &f.Deadline
		}
	}
	b.Queue(updateFulfilments, w.touched, statuses, deadlines, addresses)
}

const saveReservations = `
insert into reservations (order_id, product_id, warehouse_id, quantity, status)
select order_id, product_id, warehouse_id, quantity, status
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[]) as new (order_id, product_id, warehouse_id, quantity, status)
on conflict (order_id, product_id, warehouse_id) do update set status = excluded.status`

func (w *work) saveReservations(b *pgx.Batch) {
	var orders, products, warehouses, statuses []string
	var quantities []int64
	for _, id := range w.touched {
		for _, r := range w.fulfilments[id].Reservations {
			orders, products, warehouses = append(orders, id), append(products, r.ProductID), append(warehouses, r.WarehouseID)
			quantities, statuses = append(quantities, r.Quantity), append(statuses, string(r.Status))
		}
	}
	if len(orders) > 0 {
		b.Queue(saveReservations, orders, products, warehouses, quantities, statuses)
	}
}

const saveShipments = `
insert into shipments (id, order_id, number, of, warehouse_id, status, tracking_number, created_at, dispatched_at, delivered_at)
select id, order_id, number, of, warehouse_id, status, tracking_number, created_at, dispatched_at, delivered_at
from unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::uuid[], $6::text[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])
	as new (id, order_id, number, of, warehouse_id, status, tracking_number, created_at, dispatched_at, delivered_at)
on conflict (order_id, number) do update set
	status = excluded.status, tracking_number = excluded.tracking_number,
	dispatched_at = excluded.dispatched_at, delivered_at = excluded.delivered_at`

func (w *work) saveShipments(b *pgx.Batch) {
	var ids, orders, warehouses, statuses, tracking []string
	var numbers, ofs []int
	var created []time.Time
	var dispatched, delivered []*time.Time
	for _, id := range w.touched {
		for _, s := range w.fulfilments[id].Shipments {
			row := w.shipments[shipmentKey{id, s.Number}]
			ids, orders, warehouses = append(ids, row.ID), append(orders, id), append(warehouses, row.WarehouseID)
			numbers, ofs = append(numbers, row.Number), append(ofs, row.Of)
			statuses, tracking = append(statuses, string(row.Status)), append(tracking, row.TrackingNumber)
			created, dispatched, delivered = append(created, row.CreatedAt), append(dispatched, row.DispatchedAt), append(delivered, row.DeliveredAt)
		}
	}
	if len(ids) > 0 {
		b.Queue(saveShipments, ids, orders, numbers, ofs, warehouses, statuses, tracking, created, dispatched, delivered)
	}
}

const changeStockSQL = `
update stock set on_hand = stock.on_hand + d.on_hand, reserved = stock.reserved + d.reserved, version = version + 1
from (
	select product_id, warehouse_id, sum(on_hand)::bigint as on_hand, sum(reserved)::bigint as reserved
	from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[]) as new (product_id, warehouse_id, on_hand, reserved)
	group by product_id, warehouse_id
) d
where stock.product_id = d.product_id and stock.warehouse_id = d.warehouse_id`

// changeStock queues the deltas of rows that are locked; those of one row are taken together.
func changeStock(b *pgx.Batch, deltas []domain.Delta) {
	if len(deltas) > 0 {
		b.Queue(changeStockSQL, columns(deltas)...)
	}
}

func columns(deltas []domain.Delta) []any {
	n := len(deltas)
	products, warehouses, onHand, reserved := make([]string, n), make([]string, n), make([]int64, n), make([]int64, n)
	for i, d := range deltas {
		products[i], warehouses[i], onHand[i], reserved[i] = d.ProductID, d.WarehouseID, d.OnHand, d.Reserved
	}
	return []any{products, warehouses, onHand, reserved}
}

const insertMovementsSQL = `
insert into movements (product_id, warehouse_id, quantity, kind, ref)
select product_id, warehouse_id, quantity, kind, ref
from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[]) as new (product_id, warehouse_id, quantity, kind, ref)`

// insertMovements queues the ledger's entries.
func insertMovements(b *pgx.Batch, movements []domain.Movement) {
	if len(movements) == 0 {
		return
	}
	n := len(movements)
	products, warehouses, quantities := make([]string, n), make([]string, n), make([]int64, n)
	kinds, refs := make([]string, n), make([]string, n)
	for i, m := range movements {
		products[i], warehouses[i], quantities[i] = m.ProductID, m.WarehouseID, m.Quantity
		kinds[i], refs[i] = string(m.Kind), m.Cause
	}
	b.Queue(insertMovementsSQL, products, warehouses, quantities, kinds, refs)
}
