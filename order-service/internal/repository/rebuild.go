package repository

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/postgres"
)

// rebuildChunk is how many orders are locked at a time; they wait for milliseconds.
const rebuildChunk = 200

// Both tables are walked: an order may miss its projection, a projection its events.
const selectKnown = `
select id::text from (
	(select order_id as id from order_events where seq = 1 and order_id > $1 order by order_id limit $2)
	union (select id from orders where id > $1 order by id limit $2)
) known order by known.id limit $2`

const selectEvents = `
select order_id::text, seq, type, data from order_events where order_id = any ($1) order by order_events.order_id, seq`

// A row that is there is changed and not made anew: a change that waits for it would find no order.
const repairOrder = insertOrderSQL + `
on conflict (id) do update set
	number = excluded.number, customer_id = excluded.customer_id, status = excluded.status, payment_status = excluded.payment_status,
	total_amount = excluded.total_amount, currency = excluded.currency, refunded_amount = excluded.refunded_amount,
	cancel_reason = excluded.cancel_reason, shipments = excluded.shipments, shipments_left = excluded.shipments_left,
	shipments_arrived = excluded.shipments_arrived, address = excluded.address, payment_method = excluded.payment_method,
	placed_at = excluded.placed_at, deadline_at = excluded.deadline_at, version = excluded.version,
	client_network = case when excluded.status in ('pending', 'reserved') then orders.client_network end`

// Replayed is what a replay found.
type Replayed struct {
	Orders    int
	Different []string // ids of orders whose projection is not what their events make of them
	Broken    []error  // of orders whose events make nothing: one is missing, or cannot be read
}

// Rebuild replays the events of every order and compares the result with the projection. With repair it also replaces
// each projection that differs; a broken order is left for people. It may run beside a working service: an order that is compared is locked meanwhile.
func (r *Orders) Rebuild(ctx context.Context, repair bool) (found Replayed, err error) {
	for after := "00000000-0000-0000-0000-000000000000"; ; {
		var ids []string
		var part Replayed
		err := postgres.InTx(ctx, r.pool, func(tx pgx.Tx) (err error) {
			if ids, err = known(ctx, tx, after); err != nil || len(ids) == 0 {
				return err
			}
			part, err = rebuild(ctx, tx, ids, repair)
			return err
		})
		if err != nil || len(ids) == 0 {
			return found, err
		}
		found.Orders += len(ids)
		found.Different, found.Broken = append(found.Different, part.Different...), append(found.Broken, part.Broken...)
		after = ids[len(ids)-1]
	}
}

func known(ctx context.Context, tx pgx.Tx, after string) ([]string, error) {
	rows, err := tx.Query(ctx, selectKnown, after, rebuildChunk)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// rebuild compares some orders; events are read after the locks, so that both sides are of one moment.
func rebuild(ctx context.Context, tx pgx.Tx, ids []string, repair bool) (found Replayed, err error) {
	var stored []domain.Order
	lines, replayed, broken := map[string][]domain.Line{}, map[string]domain.Order{}, map[string]error{}
	b := new(pgx.Batch)
	b.Queue(lockOrders, ids).Query(collectOrders(&stored))
	queueItems(b, ids, lines)
	b.Queue(selectEvents, ids).Query(func(rows pgx.Rows) error { return replay(rows, replayed, broken) })
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return found, err
	}
	projected := make(map[string]domain.Order, len(stored))
	for _, o := range stored {
		projected[o.ID] = withLines(o, lines[o.ID])
	}
	fixes := new(pgx.Batch)
	for _, id := range ids {
		truth, ok := replayed[id]
		if !ok {
			found.Broken = append(found.Broken, fmt.Errorf("order %s: %w", id, cmp.Or(broken[id], errNoEvents)))
			continue
		}
		if reflect.DeepEqual(truth, projected[id]) {
			continue
		}
		found.Different = append(found.Different, id)
		if !repair {
			continue
		}
		fixes.Queue("delete from order_items where order_id = $1", id)
		if err := insertOrder(fixes, repairOrder, truth, nil); err != nil {
			return found, err
		}
	}
	return found, tx.SendBatch(ctx, fixes).Close()
}

var errNoEvents = errors.New("it has no events")

// replay folds rows of events into orders; one of whose events one is missing or cannot be read is broken.
func replay(rows pgx.Rows, into map[string]domain.Order, broken map[string]error) error {
	var id, eventType string
	var seq int
	var data []byte
	_, err := pgx.ForEachRow(rows, []any{&id, &seq, &eventType, &data}, func() error {
		if broken[id] != nil {
			return nil
		}
		event, err := decode(id, eventType, data)
		if err == nil && seq != into[id].Version+1 {
			err = fmt.Errorf("it follows %d", into[id].Version)
		}
		if err != nil {
			broken[id] = fmt.Errorf("event %d: %w", seq, err)
			delete(into, id)
			return nil
		}
		into[id] = domain.Fold(into[id], event)
		return nil
	})
	return err
}
