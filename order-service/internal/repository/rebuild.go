package repository

import (
	"context"
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

// Replayed is what a replay found.
type Replayed struct {
	Orders    int
	Different []string // ids of orders whose projection is not what their events make of them
}

// Rebuild replays the events of every order and compares the result with the projection. With repair it also replaces
// each projection that differs. It may run beside a working service: an order that is compared is locked meanwhile.
func (r *Orders) Rebuild(ctx context.Context, repair bool) (found Replayed, err error) {
	for after := "00000000-0000-0000-0000-000000000000"; ; {
		var ids, different []string
		err := postgres.InTx(ctx, r.pool, func(tx pgx.Tx) (err error) {
			if ids, err = known(ctx, tx, after); err != nil || len(ids) == 0 {
				return err
			}
			different, err = rebuild(ctx, tx, ids, repair)
			return err
		})
		if err != nil || len(ids) == 0 {
			return found, err
		}
		found.Orders += len(ids)
		found.Different = append(found.Different, different...)
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
func rebuild(ctx context.Context, tx pgx.Tx, ids []string, repair bool) (different []string, err error) {
	var stored []domain.Order
	lines, replayed := map[string][]domain.Line{}, map[string]domain.Order{}
	b := new(pgx.Batch)
	b.Queue(lockOrders, ids).Query(collectOrders(&stored))
	queueItems(b, ids, lines)
	b.Queue(selectEvents, ids).Query(func(rows pgx.Rows) error { return replay(rows, replayed) })
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, err
	}
	projected := make(map[string]domain.Order, len(stored))
	for _, o := range stored {
		projected[o.ID] = withLines(o, lines[o.ID])
	}
	fixes := new(pgx.Batch)
	for _, id := range ids {
		truth, ok := replayed[id]
		if ok && reflect.DeepEqual(truth, projected[id]) {
			continue
		}
		different = append(different, id)
		if !repair || !ok { // without events there is nothing to rebuild from
			continue
		}
		fixes.Queue("delete from order_items where order_id = $1", id)
		fixes.Queue("delete from orders where id = $1", id)
		if err := insertOrder(fixes, truth); err != nil {
			return nil, err
		}
	}
	return different, tx.SendBatch(ctx, fixes).Close()
}

// replay folds rows of events into orders.
func replay(rows pgx.Rows, into map[string]domain.Order) error {
	var id, eventType string
	var seq int
	var data []byte
	_, err := pgx.ForEachRow(rows, []any{&id, &seq, &eventType, &data}, func() error {
		event, err := decode(id, eventType, data)
		if err != nil {
			return fmt.Errorf("order %s, event %d: %w", id, seq, err)
		}
		if seq != into[id].Version+1 {
			return fmt.Errorf("order %s: event %d follows %d", id, seq, into[id].Version)
		}
		into[id] = domain.Fold(into[id], event)
		return nil
	})
	return err
}
