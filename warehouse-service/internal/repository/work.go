package repository

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"marketplace/shared/outbox"
	"marketplace/warehouse-service/internal/domain"
)

// work is what one transaction does to a set of fulfilments.
type work struct {
	changes []domain.Change
	decide  Decide

	// As locked, then as decided.
	now         time.Time // the database's, once all locks are held
	fulfilments map[string]domain.Fulfilment
	shipments   map[shipmentKey]domain.ShipmentRow
	stock       domain.Stock

	touched   []string // orders that changed, in the order of their first change
	deltas    []domain.Delta
	movements []domain.Movement
	messages  []domain.Message
	records   []outbox.Record
}

type shipmentKey struct {
	orderID string
	number  int
}

func newWork(changes []domain.Change, decide Decide) *work {
	return &work{
		changes: changes, decide: decide,
		fulfilments: map[string]domain.Fulfilment{},
		shipments:   map[shipmentKey]domain.ShipmentRow{},
		stock:       domain.Stock{},
	}
}

// fold runs the changes through the domain, one after the other, each on the stock that the one before has left.
func (w *work) fold(changes []domain.Change) error {
	for _, c := range changes {
		before := w.fulfilments[c.OrderID]
		after, out, err := w.decide(before, c.Input, w.stock)
		if err == nil {
			err = w.stock.Apply(out.Deltas...)
		}
		if err == nil && (after.Status != before.Status || len(out.Messages) > 0) {
			err = w.record(c, after, out)
		}
		if err != nil {
			return fmt.Errorf("order %s: %T: %w", c.OrderID, c.Input, err)
		}
	}
	return nil
}

// record notes what a change did.
func (w *work) record(c domain.Change, after domain.Fulfilment, out domain.Outcome) error {
	if !slices.Contains(w.touched, c.OrderID) {
		w.touched = append(w.touched, c.OrderID)
	}
	w.fulfilments[c.OrderID] = after
	for _, s := range after.Shipments {
		w.recordShipment(after, s)
	}
	w.deltas = append(w.deltas, out.Deltas...)
	w.movements = append(w.movements, out.Movements...)
	w.messages = append(w.messages, out.Messages...)
	for _, m := range out.Messages {
		r, err := w.encode(c, after, m)
		if err != nil {
			return err
		}
		w.records = append(w.records, r)
	}
	return nil
}

// recordShipment gives a new shipment its id, and each step its time.
func (w *work) recordShipment(f domain.Fulfilment, s domain.Shipment) {
	key := shipmentKey{f.OrderID, s.Number}
	row, known := w.shipments[key]
	if !known {
		row = domain.ShipmentRow{ID: uuid.Must(uuid.NewV7()).String(), OrderID: f.OrderID, Of: len(f.Shipments), CreatedAt: w.now}
	}
	row.Shipment, row.ShipTo = s, f.ShipTo
	if s.Status == domain.ShipmentInTransit && row.DispatchedAt == nil {
		row.DispatchedAt = &w.now
	}
	if s.Status == domain.ShipmentHandedOver && row.DeliveredAt == nil {
		row.DeliveredAt = &w.now
	}
	w.shipments[key] = row
}

func orderIDs(changes []domain.Change) []string {
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = c.OrderID
	}
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// messageID is the message that a change came with.
func messageID(c domain.Change) string { return c.MessageID }
