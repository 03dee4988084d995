package repository

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/postgres"
)

const insertActSQL = `insert into refund_acts (id, refund_id, act, actor, note) values ($1, $2, $3, $4, $5)`

// insertActs queues what the person did who waits for this transaction. A refund that was asked for before is not asked for again.
func (w *work) insertActs(b *pgx.Batch, rows []*row) {
	if w.act.Kind == "" {
		return
	}
	for _, r := range rows {
		for i, f := range r.payment.Refunds {
			old := i < len(r.before.Refunds)
			if !w.act.Concerns(f) || old && w.act.Kind == domain.ActAsked {
				continue
			}
			b.Queue(insertActSQL, uuid.Must(uuid.NewV7()), f.ID, w.act.Kind, w.act.By, w.act.Note)
		}
	}
}

const selectActs = `
select a.refund_id::text, a.act, a.actor, a.note, a.at
from refund_acts a join refunds r on r.id = a.refund_id
where r.payment_id = $1 order by a.at, a.id`

// Acts returns what people did about the refunds of a payment, the oldest first.
func (r *Payments) Acts(ctx context.Context, paymentID string) ([]domain.ActView, error) {
	rows, err := r.pool.Query(ctx, selectActs, paymentID)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	acts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a domain.ActView, err error) {
		err = row.Scan(&a.RefundID, &a.Kind, &a.By, &a.Note, &a.At)
		a.At = a.At.UTC()
		return a, err
	})
	return acts, postgres.Translate(err)
}

// One index holds all that is counted.
const countWaiting = `
select count(*) filter (where status = 'needs_attention'), count(*) filter (where status = 'awaiting_confirmation')
from refunds where status in ('awaiting_confirmation', 'needs_attention')`

// Waiting counts the refunds that wait for people: those that need attention, and those that await a second person.
func (r *Payments) Waiting(ctx context.Context) (attention, awaiting int, err error) {
	err = r.pool.QueryRow(ctx, countWaiting).Scan(&attention, &awaiting)
	return attention, awaiting, postgres.Translate(err)
}

// WaitingRefund is a refund that waits for people, as operators see it.
type WaitingRefund struct {
	ID, PaymentID, OrderID, Cause, Status, Why string
	Amount                                     int64
	Currency                                   string
	Since                                      time.Time
}

const selectWaiting = `
select r.id::text, p.id::text, p.order_id::text, r.cause, r.status, coalesce(r.failure_code, ''), r.amount, r.currency, r.created_at
from refunds r join payments p on p.id = r.payment_id
where r.status in ('awaiting_confirmation', 'needs_attention') order by r.id limit 1000`

// ListWaiting returns the oldest refunds that wait for people.
func (r *Payments) ListWaiting(ctx context.Context) ([]WaitingRefund, error) {
	rows, err := r.pool.Query(ctx, selectWaiting)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[WaitingRefund])
	return found, postgres.Translate(err)
}

// PaymentOfRefund returns the payment that a refund belongs to, or domain.ErrNoRefund.
func (r *Payments) PaymentOfRefund(ctx context.Context, refundID string) (paymentID string, err error) {
	err = r.pool.QueryRow(ctx, `select payment_id::text from refunds where id = $1`, refundID).Scan(&paymentID)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", domain.ErrNoRefund
	}
	return paymentID, postgres.Translate(err)
}
