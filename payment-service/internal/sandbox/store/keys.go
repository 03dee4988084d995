package store

import (
	"time"

	"github.com/jackc/pgx/v5"
)

// A key that is older than the retention is free again, as if it had been deleted.
const insertKeys = `
INSERT INTO idempotency_keys AS k (key, fingerprint, request_id, status, body, created_at)
SELECT key, fingerprint, request_id, status, body, now()
FROM unnest($1::text[], $2::bytea[], $3::text[], $4::integer[], $5::bytea[]) AS t (key, fingerprint, request_id, status, body)
ON CONFLICT (key) DO UPDATE SET fingerprint = excluded.fingerprint, request_id = excluded.request_id,
    status = excluded.status, body = excluded.body, created_at = excluded.created_at
    WHERE k.created_at < now() - make_interval(secs => $6)
RETURNING key`

// claimKeys takes the keys of these writes, with their replies where those are known already, and notes in won which were free.
func claimKeys(b *pgx.Batch, writes []Write, retention time.Duration, won map[string]bool) {
	if len(writes) == 0 {
		return
	}
	b.Queue(insertKeys,
		column(writes, func(w Write) string { return w.Key.Key }),
		column(writes, func(w Write) []byte { return w.Key.Fingerprint[:] }),
		column(writes, func(w Write) string { return w.Key.RequestID }),
		column(writes, func(w Write) int { return w.Reply.Status }),
		column(writes, func(w Write) []byte { return append([]byte{}, w.Reply.Body...) }),
		retention.Seconds(),
	).Query(func(rows pgx.Rows) error {
		keys, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, key := range keys {
			won[key] = true
		}
		return err
	})
}

const updateKey = `UPDATE idempotency_keys SET status = $2, body = $3 WHERE key = $1`

// keepReply completes a key that was claimed before its reply was known.
func keepReply(b *pgx.Batch, w Write) {
	if w.Key != nil {
		b.Queue(updateKey, w.Key.Key, w.Reply.Status, w.Reply.Body)
	}
}
