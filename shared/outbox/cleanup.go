package outbox

import (
	"context"
	"time"
)

const (
	cleanUpEvery = time.Hour
	chunkTimeout = 15 * time.Second // should the server no longer answer
)

// expired deletes a chunk of what was sent more than 7 days ago. A UUIDv7 begins with its time in milliseconds, so the
// primary key finds the old ones.
const expired = `
delete from outbox where id in (
  select id from outbox
  where id < (lpad(to_hex(floor(extract(epoch from now() - interval '7 days') * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
    and sent_at is not null
  order by id limit 1000)`

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
	for {
		deleted, err := p.deleteChunk(ctx)
		if err != nil || deleted == 0 {
			return err
		}
	}
}

func (p *Publisher) deleteChunk(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, chunkTimeout)
	defer cancel()
	tag, err := p.pool.Exec(ctx, expired)
	return tag.RowsAffected(), err
}
