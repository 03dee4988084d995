package idempotency

import "github.com/jackc/pgx/v5"

// Answer makes the reply to a request out of its effect, in the effect's transaction. A request without an
// Idempotency-Key has an answer whose Key.Key is empty: it is rendered and not stored.
type Answer[T any] struct {
	Key    Key
	Render func(effect T) (Reply, error)
}

// Claim queues Claim when there is a key.
func (a Answer[T]) Claim(b *pgx.Batch) {
	if a.Key.Key != "" {
		Claim(b, a.Key)
	}
}

// Save renders the reply and queues Save when there is a key.
func (a Answer[T]) Save(b *pgx.Batch, effect T) (Reply, error) {
	reply, err := a.Render(effect)
	if err == nil && a.Key.Key != "" {
		Save(b, a.Key, reply)
	}
	return reply, err
}
