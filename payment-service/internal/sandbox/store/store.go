// Package store keeps the processor's state in PostgreSQL.
//
// An effect, the reply that is kept under its idempotency key and the webhooks that announce it are one transaction, so a
// crash leaves all of them or none. There are two ways in:
//
//	Create   new intents. What happens is known before the database is asked, so concurrent requests are written together,
//	         by a few workers, as one transaction of two round trips (group commit); they never wait for each other's locks.
//	Change   something about an existing intent: its row is locked, a pure function decides, the outcome is written.
//
// A key that is taken is found by its primary key, inside the transaction: two requests with one key have one effect, however
// many processes serve them.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/payment-service/internal/sandbox/processor"
)

// What callers tell apart.
var (
	ErrKeyTaken = errors.New("the idempotency key was used before")
	ErrNotFound = errors.New("no such object")
)

// Store is safe for concurrent use. Run must be running for Create to return.
type Store struct {
	pool      *pgxpool.Pool
	retention time.Duration
	committed func([]Event)
	queue     chan *pending
}

// New makes a store. Keys are remembered for retention; committed is told of events as soon as they are durable and must
// not block.
func New(pool *pgxpool.Pool, retention time.Duration, committed func([]Event)) *Store {
	return &Store{pool: pool, retention: retention, committed: committed, queue: make(chan *pending, 1024)}
}

// Key is the claim that a request has on its idempotency key.
type Key struct {
	Key         string
	Fingerprint [32]byte // of the request: another request must not use the key
	RequestID   string
}

// Reply is what the caller of a request is told.
type Reply struct {
	Status int
	Body   []byte
}

// Write is everything that one request leaves behind. Its zero parts are not written.
type Write struct {
	Key    *Key
	Reply  Reply
	Intent *processor.Intent // with its latest charge
	Refund *processor.Refund
	Events []Event
}

// Event is a webhook to be delivered.
type Event struct {
	ID        string
	Type      string
	IntentID  string
	Payload   []byte
	CreatedAt time.Time
	NextAt    time.Time // when it may be sent
	Copies    int       // how often it is sent at once
	Held      bool      // sent only after a later event about the same intent
	Later     bool      // not to be sent before NextAt; known only while the event is new
	Attempts  int
}

// Saved is the reply of the first request with a key.
type Saved struct {
	Fingerprint [32]byte
	RequestID   string
	Reply       Reply
}

// SavedReply finds the reply that is kept under a key, or ErrNotFound.
func (s *Store) SavedReply(ctx context.Context, key string) (Saved, error) {
	const query = `SELECT fingerprint, request_id, status, body FROM idempotency_keys
WHERE key = $1 AND created_at >= now() - make_interval(secs => $2)`
	var saved Saved
	var fingerprint []byte
	err := s.pool.QueryRow(ctx, query, key, s.retention.Seconds()).Scan(&fingerprint, &saved.RequestID, &saved.Reply.Status, &saved.Reply.Body)
	if err != nil {
		return Saved{}, notFound(err)
	}
	copy(saved.Fingerprint[:], fingerprint)
	return saved, nil
}
