package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/postgres"
)

const viewColumns = paymentColumns + `, version, created_at, updated_at`

const (
	selectPayment = `select ` + viewColumns + ` from payments where id = $1`

	selectRefundViews = `
select ` + refundColumns + `, payment_id::text, reason, note, created_at, settled_at
from refunds where payment_id = any ($1) order by refunds.payment_id, refunds.id`

	selectLedger = `select kind, amount, currency, ref, at from ledger where payment_id = $1 order by at, id`
)

// Get returns a payment with its refunds and its ledger, or domain.ErrNotFound.
func (r *Payments) Get(ctx context.Context, id string) (domain.View, error) {
	var found []domain.View
	refunds := map[string][]domain.RefundView{}
	var ledger []domain.EntryView
	b := new(pgx.Batch)
	b.Queue(selectPayment, id).Query(collectViews(&found))
	b.Queue(selectRefundViews, []string{id}).Query(collectRefunds(refunds))
	b.Queue(selectLedger, id).Query(func(rows pgx.Rows) (err error) {
		ledger, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (e domain.EntryView, err error) {
			err = row.Scan(&e.Kind, &e.Amount.Amount, &e.Amount.Currency, &e.Cause, &e.At)
			e.At = e.At.UTC()
			return e, err
		})
		return err
	})
	if err := r.pool.SendBatch(ctx, b).Close(); err != nil {
		return domain.View{}, postgres.Translate(err)
	}
	if len(found) == 0 {
		return domain.View{}, domain.ErrNotFound
	}
	v := withRefunds(found[0], refunds)
	v.Ledger = ledger
	return v, nil
}

// One statement for each way to ask, so that each has the plan of its index. A bare "order by id" would mean the text that is
// selected, and no index.
const (
	newest = "ffffffff-ffff-ffff-ffff-ffffffffffff"

	listPage       = ` and id < $1 order by payments.id desc limit $2`
	listAll        = `select ` + viewColumns + ` from payments where true` + listPage
	listByCustomer = `select ` + viewColumns + ` from payments where customer_id = $3` + listPage
	listByOrder    = `select ` + viewColumns + ` from payments where order_id = $3` + listPage
	listAwaiting   = `select ` + viewColumns + ` from payments where id in (select payment_id from refunds where status = 'awaiting_confirmation')` + listPage
	listAttention  = `select ` + viewColumns + ` from payments where id in (select payment_id from refunds where status = 'needs_attention')` + listPage
	listOwnByOrder = `select ` + viewColumns + ` from payments where order_id = $3 and customer_id = $4` + listPage
)

// List returns a page of payments without their ledgers, the newest first, and whether there are more.
func (r *Payments) List(ctx context.Context, q domain.Query) (page []domain.View, more bool, err error) {
	statement, args := listStatement(q)
	rows, err := r.pool.Query(ctx, statement, args...)
	if err == nil {
		err = collectViews(&page)(rows)
	}
	if err != nil {
		return nil, false, postgres.Translate(err)
	}
	if len(page) > q.Limit {
		page, more = page[:q.Limit], true
	}
	return page, more, r.addRefunds(ctx, page)
}

func listStatement(q domain.Query) (string, []any) {
	after := q.After
	if after == "" {
		after = newest
	}
	args := []any{after, q.Limit + 1} // one more, to know whether there is a next page
	switch {
	case q.Refunds == domain.RefundAwaiting:
		return listAwaiting, args
	case q.Refunds == domain.RefundAttention:
		return listAttention, args
	case q.OrderID != "" && q.CustomerID != "":
		return listOwnByOrder, append(args, q.OrderID, q.CustomerID)
	case q.OrderID != "":
		return listByOrder, append(args, q.OrderID)
	case q.CustomerID != "":
		return listByCustomer, append(args, q.CustomerID)
	}
	return listAll, args
}

func (r *Payments) addRefunds(ctx context.Context, page []domain.View) error {
	var ids []string
	for _, v := range page {
		if v.State == domain.Captured { // no other has any
			ids = append(ids, v.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	refunds := map[string][]domain.RefundView{}
	rows, err := r.pool.Query(ctx, selectRefundViews, ids)
	if err == nil {
		err = collectRefunds(refunds)(rows)
	}
	if err != nil {
		return postgres.Translate(err)
	}
	for i, v := range page {
		page[i] = withRefunds(v, refunds)
	}
	return nil
}

func collectViews(into *[]domain.View) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (v domain.View, err error) {
			v.Payment, err = scanPayment(row, &v.Version, &v.CreatedAt, &v.UpdatedAt)
			v.CreatedAt, v.UpdatedAt = v.CreatedAt.UTC(), v.UpdatedAt.UTC()
			return v, err
		})
		return err
	}
}

func collectRefunds(into map[string][]domain.RefundView) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			var v domain.RefundView
			var paymentID string
			var settled *time.Time
			var err error
			if v.Refund, err = scanRefund(rows, &paymentID, &v.Reason, &v.Note, &v.CreatedAt, &settled); err != nil {
				return err
			}
			v.CreatedAt = v.CreatedAt.UTC()
			if settled != nil {
				at := settled.UTC()
				v.SettledAt = &at
			}
			into[paymentID] = append(into[paymentID], v)
		}
		return rows.Err()
	}
}

// withRefunds gives a payment its refunds, by which its status goes too.
func withRefunds(v domain.View, refunds map[string][]domain.RefundView) domain.View {
	v.Refunds = refunds[v.ID]
	for _, f := range v.Refunds {
		v.Payment.Refunds = append(v.Payment.Refunds, f.Refund)
	}
	return v
}
