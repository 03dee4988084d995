package repository

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/order-service/internal/domain"
)

const updateOrdersSQL = `
update orders o set
	status = n.status, payment_status = n.payment_status, refunded_amount = n.refunded_amount,
	cancel_reason = n.cancel_reason::jsonb, shipments = n.shipments,
	shipments_left = n.shipments_left::int[], shipments_arrived = n.shipments_arrived::int[], version = n.version,
	client_network = case when n.status in ('pending', 'reserved') then o.client_network end
from unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::int[], $7::text[], $8::text[], $9::int[])
	as n (id, status, payment_status, refunded_amount, cancel_reason, shipments, shipments_left, shipments_arrived, version)
where o.id = n.id`

// updateOrders queues the new states of orders; what was agreed when an order was placed never changes.
func updateOrders(b *pgx.Batch, orders []domain.Order) error {
	if len(orders) == 0 {
		return nil
	}
	n := len(orders)
	ids, statuses, payments := make([]string, n), make([]string, n), make([]string, n)
	refunded, reasons, shipments := make([]int64, n), make([]*string, n), make([]int, n)
	left, arrived, versions := make([]string, n), make([]string, n), make([]int, n)
	for i, o := range orders {
		var err error
		if reasons[i], err = reasonText(o.CancelReason); err != nil {
			return err
		}
		ids[i], statuses[i], payments[i] = o.ID, string(o.Status), string(o.PaymentStatus)
		refunded[i], shipments[i], versions[i] = o.Refunded.Amount, o.Shipments, o.Version
		left[i], arrived[i] = arrayText(o.Left), arrayText(o.Arrived)
	}
	b.Queue(updateOrdersSQL, ids, statuses, payments, refunded, reasons, shipments, left, arrived, versions)
	return nil
}

// arrayText writes a set as PostgreSQL reads an array: unnest cannot take an array of arrays of different lengths.
func arrayText(set domain.Numbers) string {
	words := make([]string, len(set))
	for i, n := range set {
		words[i] = strconv.Itoa(n)
	}
	return "{" + strings.Join(words, ",") + "}"
}

// eventRow is a row of order_events.
type eventRow struct {
	orderID    string
	seq        int
	eventType  string
	data       json.RawMessage
	source     string
	traceID    string
	occurredAt time.Time
}

// eventRows are the rows of the events that a change caused, following version.
func eventRows(c domain.Change, orderID string, version int, events []domain.Event, now time.Time) ([]eventRow, error) {
	rows := make([]eventRow, len(events))
	for i, e := range events {
		data, err := encode(e)
		if err != nil {
			return nil, err
		}
		rows[i] = eventRow{orderID, version + i + 1, e.Type(), data, c.Source, traceID(c.Trace), now}
	}
	return rows, nil
}

// traceID cuts the trace id out of a traceparent (https://www.w3.org/TR/trace-context/#traceparent-header).
func traceID(traceparent string) string {
	if parts := strings.Split(traceparent, "-"); len(parts) >= 4 {
		return parts[1]
	}
	return ""
}

const insertEventsSQL = `
insert into order_events (order_id, seq, type, data, source, trace_id, occurred_at)
select order_id, seq, type, data::jsonb, source, trace_id, occurred_at
from unnest($1::uuid[], $2::int[], $3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
	as n (order_id, seq, type, data, source, trace_id, occurred_at)`

// insertEvents queues all rows as one statement.
func insertEvents(b *pgx.Batch, rows []eventRow) {
	if len(rows) == 0 {
		return
	}
	n := len(rows)
	ids, seqs, types, data := make([]string, n), make([]int, n), make([]string, n), make([]string, n)
	sources, traces, times := make([]string, n), make([]string, n), make([]time.Time, n)
	for i, r := range rows {
		ids[i], seqs[i], types[i], data[i] = r.orderID, r.seq, r.eventType, string(r.data)
		sources[i], traces[i], times[i] = r.source, r.traceID, r.occurredAt
	}
	b.Queue(insertEventsSQL, ids, seqs, types, data, sources, traces, times)
}
