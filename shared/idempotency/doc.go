// Package idempotency lets a client send a POST again without doing it twice: the second time, the first reply comes back.
//
// The record (user, route, key, fingerprint of the request, reply) is written in the transaction of the effect, so that there is
// never one without the other, and a crash leaves neither. Only successful replies are kept, for Kept.
//
// There is no row for a request that is still running. Its transaction holds an advisory lock on the key, which the
// server frees the moment the transaction ends, however it ends:
//
//	reply, err := idempotency.Do(ctx, pool, key, func() (idempotency.Reply, error) {
//		reply := ...
//		return reply, postgres.InBatches(ctx, pool, nil, func(b *pgx.Batch) error {
//			idempotency.Claim(b, key) // first: a busy key stops the transaction here
//			... the effect ...
//			idempotency.Save(b, key, reply)
//			return nil
//		})
//	})
package idempotency
