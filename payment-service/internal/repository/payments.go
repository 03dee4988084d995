package repository

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/payment-service/internal/domain"
	"marketplace/proto/events"
	"marketplace/shared/due"
	"marketplace/shared/idempotency"
	"marketplace/shared/money"
	"marketplace/shared/outbox"
)

// consumer is the name under which message ids are recorded in the inbox.
const consumer = events.PaymentQueue

// Payments reads and writes payments.
type Payments struct {
	pool      *pgxpool.Pool
	committed func([]outbox.Record)
	lease     func() time.Duration

	dueLooks, refundLooks due.Looks
}

// New returns the repository. committed takes the outbox records of each transaction after it has committed: the
// publisher's Committed. A claimed task belongs to its claimer for the lease of that moment: longer than a call to the processor takes.
func New(pool *pgxpool.Pool, committed func([]outbox.Record), lease func() time.Duration) *Payments {
	return &Payments{pool: pool, committed: committed, lease: lease}
}

// Decide says what an input does to a payment. See domain.Decide.
type Decide = func(domain.Payment, domain.Input) (domain.Payment, domain.Outcome, error)

// Once runs effect unless the key has a reply already: see idempotency.Do.
func (r *Payments) Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error) {
	return idempotency.Do(ctx, r.pool, key, effect)
}

const paymentColumns = `id::text, order_id::text, coalesce(customer_id::text, ''), amount, currency, method, state, unwanted, uncertain,
	coalesce(intent_id, ''), brand, last4, failure_code, failure_message, captured_amount,
	coalesce(charge_amount, 0), coalesce(charge_currency, ''),
	case when dispatched then 'dispatched' when dispatch_unknown then 'unknown' else '' end, coalesce(dispute_id, ''), coalesce(dispute_state, '')`

// scanPayment reads a row of paymentColumns, after which come more columns for more. Refunds are not in it.
func scanPayment(row pgx.CollectableRow, more ...any) (domain.Payment, error) {
	var p domain.Payment
	var code, message *string
	var captured int64
	err := row.Scan(append([]any{
		&p.ID, &p.OrderID, &p.CustomerID, &p.Amount.Amount, &p.Amount.Currency, &p.Method, &p.State, &p.Unwanted, &p.Uncertain,
		&p.IntentID, &p.Card.Brand, &p.Card.Last4, &code, &message, &captured,
		&p.Asked.Amount, &p.Asked.Currency, &p.Dispatch, &p.Dispute.ID, &p.Dispute.State,
	}, more...)...)
	if err != nil {
		return domain.Payment{}, fmt.Errorf("read a payment: %w", err)
	}
	p.Failure = failureOf(code, message)
	if captured > 0 {
		p.Captured = money.Money{Amount: captured, Currency: p.Amount.Currency}
	}
	return p, nil
}

const refundColumns = `id::text, cause, amount, currency, status, provider_refund_id, failure_code, failure_message,
	coalesce(asked_by::text, ''), coalesce(confirmed_by::text, '')`

// scanRefund reads a row of refundColumns, after which come more columns for more.
func scanRefund(row pgx.CollectableRow, more ...any) (domain.Refund, error) {
	var f domain.Refund
	var code, message *string
	err := row.Scan(append([]any{
		&f.ID, &f.Cause, &f.Amount.Amount, &f.Amount.Currency, &f.State, &f.ProviderID, &code, &message, &f.AskedBy, &f.ConfirmedBy,
	}, more...)...)
	if err != nil {
		return domain.Refund{}, fmt.Errorf("read a refund: %w", err)
	}
	f.Failure = failureOf(code, message)
	return f, nil
}

func failureOf(code, message *string) *domain.Failure {
	if code == nil {
		return nil
	}
	f := &domain.Failure{Code: *code}
	if message != nil {
		f.Message = *message
	}
	return f
}

// failureColumns are a failure as it is stored: nulls for none.
func failureColumns(f *domain.Failure) (code, message *string) {
	if f == nil {
		return nil, nil
	}
	return &f.Code, &f.Message
}
