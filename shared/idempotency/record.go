package idempotency

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/rs/zerolog"

	"marketplace/shared/postgres"
)

// Do returns the reply that the key already has, or runs effect, which must Claim the key and Save the reply that it
// returns. Without a key it runs effect.
//
// When effect fails, the key's record decides: another replica may have finished in between, so that effect met what the
// same request had done, or the commit may have arrived although nobody heard of it.
func Do(ctx context.Context, pool *pgxpool.Pool, key Key, effect func() (Reply, error)) (Reply, error) {
	if key.Key == "" {
		return effect()
	}
	known, err := Lookup(ctx, pool, key)
	if err != nil {
		return Reply{}, err
	}
	if known != nil {
		return *known, nil
	}
	reply, failure := effect()
	switch {
	case failure == nil:
		return reply, nil
	case errors.Is(failure, ErrInProgress): // its holder has not finished
		return Reply{}, failure
	case errors.Is(failure, postgres.ErrCommitUnknown):
		known, err = settle(ctx, pool, key, failure)
	default:
		if known, err = Lookup(ctx, pool, key); err != nil && !errors.Is(err, errReused) {
			err = failure // says more than that the record cannot be read either
		}
	}
	switch {
	case err != nil:
		return Reply{}, err
	case known != nil:
		return *known, nil
	case Finished(failure):
		return Reply{}, ErrInProgress // finished, and cleaned since: as good as never seen
	}
	return Reply{}, failure
}

const lookup = `select body_hash, status, header, body from idempotency_keys where user_id = $1 and route = $2 and key = $3`

// Lookup returns the key's reply, nil when it has none, or a fault "idempotency_key_reused" when the key came with another request.
func Lookup(ctx context.Context, pool *pgxpool.Pool, key Key) (*Reply, error) {
	return find(pool.QueryRow(ctx, lookup, key.User, key.Route, key.Key), key)
}

func find(row pgx.Row, key Key) (*Reply, error) {
	var hash []byte
	var reply Reply
	err := row.Scan(&hash, &reply.Status, &reply.Header, &reply.Body)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, postgres.Translate(err)
	}
	if string(hash) != string(key.Fingerprint[:]) {
		return nil, errReused
	}
	return &reply, nil
}

// settle waits until the transaction of unknown outcome has left the server, which frees its lock, and looks then: before
// that, an absent record proves nothing. unknown comes back when nothing was committed.
func settle(ctx context.Context, pool *pgxpool.Pool, key Key, unknown error) (reply *Reply, err error) {
	err = postgres.InTx(ctx, pool, func(tx pgx.Tx) error {
		const wait = "select pg_advisory_xact_lock(hashtextextended(current_schema() || $1, 0))"
		if _, err := tx.Exec(ctx, wait, key.claim()); err != nil {
			return err
		}
		reply, err = find(tx.QueryRow(ctx, lookup, key.User, key.Route, key.Key), key)
		return err
	})
	if err == nil && reply == nil {
		return nil, unknown
	}
	return reply, err
}

// Claim queues the lock on the key, held until the transaction ends. When a request with the key is running, the
// transaction fails with a fault "request_in_progress".
func Claim(b *pgx.Batch, key Key) {
	b.Queue("select idempotency_claim($1)", key.claim()).Query(func(rows pgx.Rows) error {
		rows.Close()
		if pg, ok := errors.AsType[*pgconn.PgError](rows.Err()); ok && pg.Code == "MK409" {
			return ErrInProgress.Wrap(rows.Err())
		}
		return rows.Err()
	})
}

// Save queues the record. It violates the primary key when the request has finished since Lookup: see Finished.
func Save(b *pgx.Batch, key Key, reply Reply) {
	b.Queue(`insert into idempotency_keys (user_id, route, key, body_hash, status, header, body) values ($1, $2, $3, $4, $5, $6, $7)`,
		key.User, key.Route, key.Key, key.Fingerprint[:], reply.Status, headers(reply), append([]byte{}, reply.Body...))
}

// headers is never SQL's null.
func headers(reply Reply) map[string]string {
	if reply.Header == nil {
		return map[string]string{}
	}
	return reply.Header
}

// Finished says whether a transaction failed because the same request finished before it.
func Finished(err error) bool { return postgres.Violates(err, "idempotency_keys_pkey") }

// chunkTimeout is for one statement of the cleaning, should the server no longer answer.
const chunkTimeout = 15 * time.Second

// Run deletes records older than Kept, now and then, until ctx ends.
func Run(ctx context.Context, pool *pgxpool.Pool, log zerolog.Logger) error {
	for tick := time.NewTicker(time.Hour); ; {
		if err := clean(ctx, pool); err != nil && ctx.Err() == nil {
			log.Warn().Err(err).Msg("old idempotency keys stay for now")
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return nil
		case <-tick.C:
		}
	}
}

// clean works in chunks, so that no transaction grows long. Two replicas at once do not meet.
func clean(ctx context.Context, pool *pgxpool.Pool) error {
	for after := (time.Time{}); ; {
		last, err := cleanChunk(ctx, pool, after)
		if err != nil || last == nil {
			return postgres.Translate(err)
		}
		after = *last
	}
}

// expired deletes a chunk. $2 is where the one before ended: under a long snapshot, what that deleted is still in the index, and each
// chunk would walk over all chunks before it.
const expired = `
with gone as (delete from idempotency_keys where (user_id, route, key) in (
  select user_id, route, key from idempotency_keys where created_at < now() - $1::interval and created_at >= $2
  order by created_at limit 1000 for update skip locked)
returning created_at)
select max(created_at) from gone`

// cleanChunk returns when the last record that it deleted was made, nil if there was none.
func cleanChunk(ctx context.Context, pool *pgxpool.Pool, after time.Time) (last *time.Time, err error) {
	ctx, cancel := context.WithTimeout(ctx, chunkTimeout)
	defer cancel()
	err = pool.QueryRow(ctx, expired, Kept, after).Scan(&last)
	return last, err
}
