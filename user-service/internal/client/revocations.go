// Package client calls out: to Redis, where every process of the marketplace reads
// which access tokens are void.
package client

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"marketplace/shared/auth"
	"marketplace/user-service/internal/domain"
)

// kept is how long an entry stays: until the last token that it voids has expired,
// and a minute for clocks that differ.
const kept = domain.AccessLifetime + time.Minute

// chunk is the number of entries per command.
const chunk = 500

// Revocations writes the sorted sets that shared/auth reads.
type Revocations struct{ redis redis.Cmdable }

// NewRevocations returns the writer.
func NewRevocations(client redis.Cmdable) *Revocations { return &Revocations{redis: client} }

// Announce adds entries and drops those that no longer matter. It may be repeated.
func (r *Revocations) Announce(ctx context.Context, sessions, users []domain.Revocation) error {
	pipe := r.redis.Pipeline()
	add(ctx, pipe, auth.RevokedSessionsKey, sessions, func(v domain.Revocation) string { return v.ID })
	add(ctx, pipe, auth.RevokedUsersKey, users, func(v domain.Revocation) string {
		// Up to the next millisecond: rounding down would spare a token.
		return auth.RevokedUser(v.ID, v.At.Add(time.Millisecond-time.Nanosecond))
	})
	past := strconv.FormatInt(time.Now().UnixMilli(), 10)
	pipe.ZRemRangeByScore(ctx, auth.RevokedSessionsKey, "-inf", "("+past)
	pipe.ZRemRangeByScore(ctx, auth.RevokedUsersKey, "-inf", "("+past)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("write revocations to Redis: %w", err)
	}
	return nil
}

func add(ctx context.Context, pipe redis.Pipeliner, key string, all []domain.Revocation, member func(domain.Revocation) string) {
	for len(all) > 0 {
		n := min(chunk, len(all))
		entries := make([]redis.Z, 0, n)
		for _, v := range all[:n] {
			entries = append(entries, redis.Z{Score: float64(v.At.Add(kept).UnixMilli()), Member: member(v)})
		}
		pipe.ZAdd(ctx, key, entries...)
		all = all[n:]
	}
}
