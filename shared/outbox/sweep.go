package outbox

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/due"
)

const (
	sweepEvery = time.Second
	sweepLimit = 500
	everything = 100 * 365 * 24 * time.Hour
)

// claim moves retry_at on, so that another replica's sweep does not send the same rows meanwhile.
const claim = `
with due as (
  select id from outbox
  where sent_at is null and retry_at < now() and retry_at > now() - $1::interval
  order by retry_at
  limit $2
  for update skip locked
)
update outbox set retry_at = now() + interval '5 seconds'
from due where outbox.id = due.id
returning outbox.id::text as id, type, subject, body, headers, occurred_at`

// sweep finds what nobody sent. A process starts with a full one.
func (p *Publisher) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	var looks due.Looks
	for {
		from := looks.From()
		swept, err := p.sweepOnce(ctx, from.IsZero())
		if ctx.Err() != nil {
			return
		}
		if from.IsZero() {
			began := time.Now()
			p.measure(ctx)
			if swept {
				looks.Looked(from, time.Since(began)) // counting walks over the same entries, and sends nothing
			}
		}
		if err != nil {
			p.log.Warn().Err(err).Msg("sweep of the outbox failed; trying again")
			looks.Failed()
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// sweepOnce sends everything that is due. It returns false if the broker takes nothing at the moment: then rows are not
// even claimed.
func (p *Publisher) sweepOnce(ctx context.Context, full bool) (bool, error) {
	back := due.Recent
	if full {
		back = everything
	}
	for {
		if p.broker.Healthy() != nil {
			return false, nil
		}
		records, err := p.claim(ctx, back)
		if err != nil {
			return false, fmt.Errorf("claim due events: %w", err)
		}
		if len(records) > 0 {
			p.metrics.swept.Add(float64(len(records)))
			p.send(ctx, records)
		}
		if len(records) < sweepLimit {
			return true, nil
		}
	}
}

func (p *Publisher) claim(ctx context.Context, back time.Duration) ([]Record, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	rows, err := p.pool.Query(ctx, claim, back, sweepLimit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[Record])
}

// measured is enough to raise an alert; counting a larger backlog exactly would add to it.
const measured = `
select count(*), coalesce(greatest(extract(epoch from now() - min(occurred_at)), 0), 0)::float8
from (select occurred_at from outbox where sent_at is null order by retry_at limit 10000) unsent`

func (p *Publisher) measure(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	var unsent int64
	var oldest float64
	if err := p.pool.QueryRow(ctx, measured).Scan(&unsent, &oldest); err != nil {
		return // the sweep says that the database is away
	}
	p.metrics.unsent.Set(float64(unsent))
	p.metrics.oldest.Set(oldest)
}
