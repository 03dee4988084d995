package repository

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/postgres"
	"marketplace/warehouse-service/internal/domain"
)

// A shipment with where it goes. The columns are those of shipmentColumns, which load reads, and one more.
const selectShipment = `
select id::text, shipments.order_id::text, of, number, warehouse_id::text, shipments.status, tracking_number,
	shipments.created_at, dispatched_at, delivered_at, ship_to
from shipments join fulfilments on fulfilments.order_id = shipments.order_id`

// Shipment returns a shipment, or domain.ErrNoShipment.
func (r *Reads) Shipment(ctx context.Context, id string) (domain.ShipmentRow, error) {
	rows, err := r.pool.Query(ctx, selectShipment+` where id = $1`, id)
	if err != nil {
		return domain.ShipmentRow{}, postgres.Translate(err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, scanListed)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, domain.ErrNoShipment
	}
	return s, postgres.Translate(err)
}

// Shipments returns a page of shipments, the newest first.
func (r *Reads) Shipments(ctx context.Context, q domain.ShipmentQuery) ([]domain.ShipmentRow, error) {
	return list(ctx, r.pool, shipmentsPage(q), scanListed)
}

func shipmentsPage(q domain.ShipmentQuery) query {
	var c conditions
	addIf(&c, "shipments.order_id = ?", q.OrderID)
	addIf(&c, "shipments.status = ?", string(q.Status))
	addIf(&c, "id < ?", q.Before)
	return page(selectShipment, c, "shipments.id desc", q.Limit)
}

func scanListed(row pgx.CollectableRow) (s domain.ShipmentRow, err error) {
	err = row.Scan(&s.ID, &s.OrderID, &s.Of, &s.Number, &s.WarehouseID, &s.Status, &s.TrackingNumber,
		&s.CreatedAt, &s.DispatchedAt, &s.DeliveredAt, &s.ShipTo)
	return s, err
}
