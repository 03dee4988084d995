package repository

import (
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/postgres"
	"marketplace/warehouse-service/internal/domain"
)

const (
	// In id order, so that two batches that insert the same orders do not deadlock.
	insertMissing = `
insert into fulfilments (order_id, status) select id, 'none' from unnest($1::uuid[]) as new (id) order by id
on conflict do nothing`

	lockFulfilments = `
select order_id::text, status, deadline_at, ship_to from fulfilments where order_id = any ($1)
order by fulfilments.order_id for no key update`

	selectReservations = `
select order_id::text, product_id::text, warehouse_id::text, quantity, status from reservations where order_id = any ($1)
order by order_id, product_id, warehouse_id`

	shipmentColumns = `id::text, order_id::text, of, number, warehouse_id::text, status, tracking_number, created_at, dispatched_at, delivered_at`

	selectShipments = `select ` + shipmentColumns + ` from shipments where order_id = any ($1) order by order_id, number`

	// The rows of products that orders ask for, and the rows that orders may give back.
	lockStock = `
select stock.product_id::text, stock.warehouse_id::text, on_hand, reserved
from stock join (
	select product_id, warehouse_id from stock where product_id = any ($1)
	union
	select product_id, warehouse_id from reservations where order_id = any ($2) and status = 'active'
) wanted using (product_id, warehouse_id)
order by stock.product_id, stock.warehouse_id
for no key update of stock`
)

// load queues the reads of a transaction. Orders that nothing is known of get a row first when create is set, so that there
// is something to lock.
func (w *work) load(b *pgx.Batch, create bool) {
	orders := orderIDs(w.changes)
	if create {
		b.Queue(insertMissing, orders)
	}
	b.Queue(lockFulfilments, orders).Query(w.scanFulfilments)
	b.Queue(selectReservations, orders).Query(w.scanReservations)
	b.Queue(selectShipments, orders).Query(w.scanShipments)
	if products, releasing := w.wanted(); len(products)+len(releasing) > 0 {
		b.Queue(lockStock, products, releasing).Query(w.scanStock)
	}
	postgres.Clock(b, &w.now)
}

// wanted says whose stock rows the changes may touch. Confirmations and deliveries touch none.
func (w *work) wanted() (products, releasing []string) {
	products, releasing = []string{}, []string{}
	for _, c := range w.changes {
		products = append(products, c.Products()...)
		if c.FreesStock() {
			releasing = append(releasing, c.OrderID)
		}
	}
	return slices.Compact(slices.Sorted(slices.Values(products))), releasing
}

func (w *work) scanFulfilments(rows pgx.Rows) error {
	var f domain.Fulfilment
	var deadline *time.Time
	_, err := pgx.ForEachRow(rows, []any{&f.OrderID, &f.Status, &deadline, &f.ShipTo}, func() error {
		f.Deadline = time.Time{}
		if deadline != nil {
			f.Deadline = deadline.UTC()
		}
		w.fulfilments[f.OrderID] = f
		f.ShipTo = nil
		return nil
	})
	return err
}

func (w *work) scanReservations(rows pgx.Rows) error {
	var id string
	var r domain.Reservation
	_, err := pgx.ForEachRow(rows, []any{&id, &r.ProductID, &r.WarehouseID, &r.Quantity, &r.Status}, func() error {
		f := w.fulfilments[id]
		f.Reservations = append(f.Reservations, r)
		w.fulfilments[id] = f
		return nil
	})
	return err
}

func (w *work) scanShipments(rows pgx.Rows) error {
	shipments, err := pgx.CollectRows(rows, scanShipment)
	for _, s := range shipments {
		f := w.fulfilments[s.OrderID]
		if s.Number != len(f.Shipments)+1 {
			return fmt.Errorf("order %s: shipment %d is missing", s.OrderID, len(f.Shipments)+1)
		}
		f.Shipments = append(f.Shipments, s.Shipment)
		w.fulfilments[s.OrderID] = f
		w.shipments[shipmentKey{s.OrderID, s.Number}] = s
	}
	return err
}

func (w *work) scanStock(rows pgx.Rows) error {
	var k domain.Key
	var l domain.Level
	_, err := pgx.ForEachRow(rows, []any{&k.ProductID, &k.WarehouseID, &l.OnHand, &l.Reserved}, func() error {
		w.stock[k] = l
		return nil
	})
	return err
}

// scanShipment reads a row of shipmentColumns.
func scanShipment(row pgx.CollectableRow) (s domain.ShipmentRow, err error) {
	err = row.Scan(&s.ID, &s.OrderID, &s.Of, &s.Number, &s.WarehouseID, &s.Status, &s.TrackingNumber,
		&s.CreatedAt, &s.DispatchedAt, &s.DeliveredAt)
	return s, err
}
