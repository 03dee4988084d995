package store

import (
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/sandbox/processor"
)

// queueWrites adds one statement per table for all writes together.
func queueWrites(b *pgx.Batch, writes []Write) {
	var intents []processor.Intent
	var charges []processor.Charge
	var refunds []processor.Refund
	var events []Event
	for _, w := range writes {
		if w.Intent != nil {
			intents = append(intents, *w.Intent)
			if w.Intent.Charge != nil {
				charges = append(charges, *w.Intent.Charge)
			}
		}
		if w.Refund != nil {
			refunds = append(refunds, *w.Refund)
		}
		events = append(events, w.Events...)
	}
	saveIntents(b, intents)
	saveCharges(b, charges)
	saveRefunds(b, refunds)
	insertEvents(b, events)
}

const upsertIntents = `
INSERT INTO intents (id, client_secret, amount, currency, status, method, customer, description, return_url, off_session,
    metadata, last_error, cancel_reason, canceled_at, created_at, settle_at, charge_id)
SELECT id, client_secret, amount, currency, status, method, customer, description, return_url, off_session,
    metadata::jsonb, last_error::jsonb, cancel_reason, canceled_at, created_at, settle_at, charge_id
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::boolean[], $11::text[], $12::text[], $13::text[], $14::timestamptz[], $15::timestamptz[], $16::timestamptz[], $17::text[])
    AS t (id, client_secret, amount, currency, status, method, customer, description, return_url, off_session,
    metadata, last_error, cancel_reason, canceled_at, created_at, settle_at, charge_id)
ON CONFLICT (id) DO UPDATE SET status = excluded.status, method = excluded.method, return_url = excluded.return_url,
    off_session = excluded.off_session, last_error = excluded.last_error, cancel_reason = excluded.cancel_reason,
    canceled_at = excluded.canceled_at, settle_at = excluded.settle_at, charge_id = excluded.charge_id`

func saveIntents(b *pgx.Batch, intents []processor.Intent) {
	if len(intents) == 0 {
		return
	}
	b.Queue(upsertIntents,
		column(intents, func(i processor.Intent) string { return i.ID }),
		column(intents, func(i processor.Intent) string { return i.ClientSecret }),
		column(intents, func(i processor.Intent) int64 { return i.Amount }),
		column(intents, func(i processor.Intent) string { return i.Currency }),
		column(intents, func(i processor.Intent) string { return string(i.Status) }),
		column(intents, func(i processor.Intent) string { return i.Method }),
		column(intents, func(i processor.Intent) string { return i.Customer }),
		column(intents, func(i processor.Intent) string { return i.Description }),
		column(intents, func(i processor.Intent) string { return i.ReturnURL }),
		column(intents, func(i processor.Intent) bool { return i.OffSession }),
		column(intents, func(i processor.Intent) string { return metadata(i.Metadata) }),
		column(intents, func(i processor.Intent) *string { return failure(i.LastError) }),
		column(intents, func(i processor.Intent) string { return i.CancelReason }),
		column(intents, func(i processor.Intent) *time.Time { return orNull(i.CanceledAt) }),
		column(intents, func(i processor.Intent) time.Time { return i.CreatedAt }),
		column(intents, func(i processor.Intent) *time.Time { return orNull(i.SettleAt) }),
		column(intents, func(i processor.Intent) *string {
			if i.Charge == nil {
				return nil
			}
			return &i.Charge.ID
		}),
	)
}

const upsertCharges = `
INSERT INTO charges (id, intent_id, amount, refunded, currency, paid, method, brand, last4, failure, created_at,
    dispute_id, dispute_status, disputed_at)
SELECT id, intent_id, amount, refunded, currency, paid, method, brand, last4, failure::jsonb, created_at,
    dispute_id, dispute_status, disputed_at
FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::boolean[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::timestamptz[], $12::text[], $13::text[], $14::timestamptz[])
    AS t (id, intent_id, amount, refunded, currency, paid, method, brand, last4, failure, created_at,
    dispute_id, dispute_status, disputed_at)
ON CONFLICT (id) DO UPDATE SET refunded = excluded.refunded,
    dispute_id = excluded.dispute_id, dispute_status = excluded.dispute_status, disputed_at = excluded.disputed_at`

func saveCharges(b *pgx.Batch, charges []processor.Charge) {
	if len(charges) == 0 {
		return
	}
	b.Queue(upsertCharges,
		column(charges, func(c processor.Charge) string { return c.ID }),
		column(charges, func(c processor.Charge) string { return c.IntentID }),
		column(charges, func(c processor.Charge) int64 { return c.Amount }),
		column(charges, func(c processor.Charge) int64 { return c.Refunded }),
		column(charges, func(c processor.Charge) string { return c.Currency }),
		column(charges, func(c processor.Charge) bool { return c.Paid }),
		column(charges, func(c processor.Charge) string { return c.Method }),
		column(charges, func(c processor.Charge) string { return c.Brand }),
		column(charges, func(c processor.Charge) string { return c.Last4 }),
		column(charges, func(c processor.Charge) *string { return failure(c.Failure) }),
		column(charges, func(c processor.Charge) time.Time { return c.CreatedAt }),
		column(charges, func(c processor.Charge) string { return c.DisputeID }),
		column(charges, func(c processor.Charge) string { return string(c.DisputeStatus) }),
		column(charges, func(c processor.Charge) *time.Time { return orNull(c.DisputedAt) }),
	)
}

const upsertRefunds = `
INSERT INTO refunds (id, intent_id, charge_id, amount, currency, status, reason, failure_reason, metadata, created_at, settle_at)
SELECT id, intent_id, charge_id, amount, currency, status, reason, failure_reason, metadata::jsonb, created_at, settle_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::timestamptz[], $11::timestamptz[])
    AS t (id, intent_id, charge_id, amount, currency, status, reason, failure_reason, metadata, created_at, settle_at)
ON CONFLICT (id) DO UPDATE SET status = excluded.status, failure_reason = excluded.failure_reason, settle_at = excluded.settle_at`

func saveRefunds(b *pgx.Batch, refunds []processor.Refund) {
	if len(refunds) == 0 {
		return
	}
	b.Queue(upsertRefunds,
		column(refunds, func(r processor.Refund) string { return r.ID }),
		column(refunds, func(r processor.Refund) string { return r.IntentID }),
		column(refunds, func(r processor.Refund) string { return r.ChargeID }),
		column(refunds, func(r processor.Refund) int64 { return r.Amount }),
		column(refunds, func(r processor.Refund) string { return r.Currency }),
		column(refunds, func(r processor.Refund) string { return string(r.Status) }),
		column(refunds, func(r processor.Refund) string { return r.Reason }),
		column(refunds, func(r processor.Refund) string { return r.FailureReason }),
		column(refunds, func(r processor.Refund) string { return metadata(r.Metadata) }),
		column(refunds, func(r processor.Refund) time.Time { return r.CreatedAt }),
		column(refunds, func(r processor.Refund) *time.Time { return orNull(r.SettleAt) }),
	)
}

// column picks one column out of rows, as unnest wants it.
func column[R, V any](rows []R, pick func(R) V) []V {
	values := make([]V, len(rows))
	for i, r := range rows {
		values[i] = pick(r)
	}
	return values
}

func metadata(m map[string]string) string {
	if len(m) == 0 {
		return "{}"
	}
	body, err := json.Marshal(m)
	if err != nil { // strings always encode
		panic(err)
	}
	return string(body)
}

func failure(f *processor.Failure) *string {
	if f == nil {
		return nil
	}
	body, err := json.Marshal(f)
	if err != nil { // strings always encode
		panic(err)
	}
	s := string(body)
	return &s
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
