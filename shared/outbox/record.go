package outbox

import (
	"context"
	_ "embed"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"go.opentelemetry.io/otel/propagation"

	"marketplace/shared/rabbit"
)

// Schema creates the outbox table; each service's first migration has it.
//
//go:embed schema.sql
var Schema string

// Record is an event on its way into the outbox.
type Record struct {
	ID         string // UUIDv7
	Type       string
	Subject    string // the aggregate's id
	Body       []byte
	Headers    map[string]string // W3C trace context of the work
	OccurredAt time.Time
}

// NewRecord gives an event its id, its time and the trace context of ctx. In a batch, that is the context of the message
// that caused the event: rabbit.Message.Context.
func NewRecord(ctx context.Context, eventType, subject string, body []byte) Record {
	headers := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, headers)
	return Record{
		ID: uuid.Must(uuid.NewV7()).String(), Type: eventType, Subject: subject,
		Body: body, Headers: headers, OccurredAt: time.Now().UTC(),
	}
}

const insert = `
insert into outbox (id, type, subject, body, headers, occurred_at)
select id, type, subject, body, headers::jsonb, occurred_at
from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::text[], $6::timestamptz[])
  as new (id, type, subject, body, headers, occurred_at)`

// Append queues the insert of all records as one statement; without records it queues nothing.
func Append(b *pgx.Batch, records []Record) {
	if len(records) == 0 {
		return
	}
	n := len(records)
	ids, types, subjects := make([]string, n), make([]string, n), make([]string, n)
	bodies, headers, times := make([][]byte, n), make([]string, n), make([]time.Time, n)
	for i, r := range records {
		encoded, _ := json.Marshal(r.Headers) // strings only: cannot fail
		ids[i], types[i], subjects[i] = r.ID, r.Type, r.Subject
		bodies[i], headers[i], times[i] = r.Body, string(encoded), r.OccurredAt
		if r.Body == nil {
			bodies[i] = []byte{} // an empty protobuf message, not NULL
		}
		if r.Headers == nil {
			headers[i] = "{}"
		}
	}
	b.Queue(insert, ids, types, subjects, bodies, headers, times)
}

func (r Record) message(source string) rabbit.Message {
	return rabbit.Message{
		ID: r.ID, Type: r.Type, Source: source, Subject: r.Subject,
		Time: r.OccurredAt, Headers: r.Headers, Body: r.Body,
	}
}
