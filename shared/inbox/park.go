package inbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"marketplace/shared/postgres"
	"marketplace/shared/rabbit"
)

// suspect is a message that is to be tried alone, why, and how many tries alone it has had.
type suspect struct {
	message  rabbit.Message
	reason   error
	attempts int
}

// park moves messages to the table, but for those that have had their effect: they were delivered again only because the
// process died between commit and acknowledgement.
const park = `
insert into parked (consumer, message_id, type, source, subject, body, headers, occurred_at, attempts, next_at, reason)
select $1, id, type, source, subject, body, headers::jsonb, occurred_at, attempts, now() + wait, reason
from unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bytea[], $7::text[], $8::timestamptz[], $9::int[], $10::interval[], $11::text[])
  as new (id, type, source, subject, body, headers, occurred_at, attempts, wait, reason)
where not exists (select from inbox where consumer = $1 and message_id = new.id)
order by id
on conflict do nothing`

// park has its own time: a message that has used up all of its batch's must still get out of the queue.
func (c *Consumer) park(ctx context.Context, suspects []suspect) error {
	if len(suspects) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queryTimeout)
	defer cancel()
	n := len(suspects)
	ids, types, sources, subjects := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	bodies, headers, times := make([][]byte, n), make([]string, n), make([]*time.Time, n)
	attempts, waits, reasons := make([]int, n), make([]time.Duration, n), make([]string, n)
	for i, s := range suspects {
		m := s.message
		ids[i], types[i], sources[i], subjects[i] = m.ID, storable(m.Type), storable(m.Source), storable(m.Subject)
		bodies[i], headers[i] = append([]byte{}, m.Body...), encode(m.Headers)
		if year := m.Time.Year(); year > 1 && year < 10_000 {
			times[i] = &m.Time
		}
		attempts[i], reasons[i] = s.attempts, storable(s.reason.Error())
		if s.attempts > 0 {
			waits[i] = c.o.Backoff(s.attempts)
		}
	}
	tag, err := c.o.Pool.Exec(ctx, park, c.o.Queue, ids, types, sources, subjects, bodies, headers, times, attempts, waits, reasons)
	if err != nil {
		return fmt.Errorf("park %d messages: %w", n, postgres.Translate(err))
	}
	if parked := tag.RowsAffected(); parked > 0 {
		c.metrics.parked.Add(float64(parked))
		c.log.Warn().Int64("messages", parked).Str("message_id", ids[0]).Str("type", types[0]).Str("reason", firstLine(reasons[0])).
			Msg("parked, to be tried alone")
		c.wakeUp()
	}
	return nil
}

func (c *Consumer) wakeUp() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func encode(headers map[string]string) string {
	clean := make(map[string]string, len(headers))
	for name, value := range headers {
		clean[name] = storable(value)
	}
	encoded, _ := json.Marshal(clean) // strings only: cannot fail
	return string(encoded)
}

// storable leaves out what PostgreSQL's text cannot hold; a broken message must not break its own record.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "�")
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
