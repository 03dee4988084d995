package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	cleanUpEvery = time.Hour
	chunkTimeout = 15 * time.Second // should the server no longer answer
)

// expired deletes a chunk of what was sent more than 7 days ago. A UUIDv7 begins with its time in milliseconds, so the
// primary key finds the old ones. $1 is where the chunk before ended: under a long snapshot, what that deleted is still in the index, and
// each chunk would walk over all chunks before it.
const expired = `
with gone as (delete from outbox where id in (
  select id from outbox
  where id > $1 and id < (lpad(to_hex(floor(extract(epoch from now() - interval '7 days') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
    and sent_at is not null
  order by id limit 1000)
returning id)
select id::text from gone order by gone.id desc limit 1`

func (p *Publisher) cleanUp(ctx context.Context) {
	ticker := time.NewTicker(cleanUpEvery)
	defer ticker.Stop()
	for {
		if err := p.deleteExpired(ctx); err != nil && ctx.Err() == nil {
			p.log.Warn().Err(err).Msg("old events not deleted; trying again later")
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (p *Publisher) deleteExpired(ctx context.Context) error {
	for after := uuid.Nil.String(); ; {
		last, err := p.deleteChunk(ctx, after)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		after = last
	}
}

// deleteChunk returns the last id that it deleted, or pgx.ErrNoRows.
func (p *Publisher) deleteChunk(ctx context.Context, after string) (last string, err error) {
	ctx, cancel := context.WithTimeout(ctx, chunkTimeout)
	defer cancel()
	err = p.pool.QueryRow(ctx, expired, after).Scan(&last)
	return last, err
}
