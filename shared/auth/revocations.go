package auth

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/rs/zerolog"
)

// The sorted sets that user-service writes. A score is the Unix time in ms until which the entry matters: until the
// last token that it concerns has expired.
const (
	RevokedSessionsKey = "auth:revoked:sessions" // members: session ids
	RevokedUsersKey    = "auth:revoked:users"    // members: RevokedUser(...)
)

const (
	readEvery   = time.Second
	readTimeout = 500 * time.Millisecond
)

// RevokedUser is the member that ends all tokens of a user that were issued before a time. Tokens say when they were
// issued in whole seconds, so a new token counts as issued at the start of its second.
func RevokedUser(userID string, notBefore time.Time) string {
	return userID + ":" + strconv.FormatInt(notBefore.UnixMilli(), 10)
}

// Revocations is this process's copy of the lists.
type Revocations struct {
	redis   redis.UniversalClient
	log     zerolog.Logger
	current atomic.Pointer[revoked]
}

type revoked struct {
	sessions map[string]struct{}
	users    map[string]int64 // by user: tokens issued before this Unix ms
}

// NewRevocations returns an empty copy; Run fills it.
func NewRevocations(client redis.UniversalClient, log zerolog.Logger) *Revocations {
	r := &Revocations{redis: client, log: log}
	r.current.Store(&revoked{})
	return r
}

// OpenRevocations is NewRevocations for a process that uses Redis for nothing else. Close closes the connection.
func OpenRevocations(redisURL string, log zerolog.Logger) (*Revocations, error) {
	options, err := redis.ParseURL(redisURL)
	if err != nil {
		return nil, errors.New("REDIS_URL is no Redis URL") // the cause would print it, password and all
	}
	logging.Disable() // go-redis would print each failed dial; Run says once that Redis is away
	options.ContextTimeoutEnabled = true
	options.MaxRetries = -1 // the next read is a second away
	options.DialTimeout = readTimeout
	return NewRevocations(redis.NewClient(options), log), nil
}

// Close closes the connection to Redis.
func (r *Revocations) Close() error { return r.redis.Close() }

// Ping says whether Redis answers, for health.
func (r *Revocations) Ping(ctx context.Context) error { return r.redis.Ping(ctx).Err() }

// Run reads the lists once a second until ctx ends. While Redis is away the last ones hold.
func (r *Revocations) Run(ctx context.Context) error {
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	away := false
	for {
		if err := r.read(ctx); err == nil {
			away = false
		} else if !away && ctx.Err() == nil {
			away = true
			r.log.Warn().Err(err).Msg("revoked sessions cannot be read: the last list stays in force")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Revoked says whether a token of the identity, issued at that time, has been taken back.
func (r *Revocations) Revoked(id Identity, issuedAt time.Time) bool {
	now := r.current.Load()
	if _, ended := now.sessions[id.SessionID]; ended {
		return true
	}
	return issuedAt.UnixMilli() < now.users[id.UserID]
}

func (r *Revocations) read(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	live := &redis.ZRangeBy{Min: strconv.FormatInt(time.Now().UnixMilli(), 10), Max: "+inf"}
	pipe := r.redis.Pipeline()
	sessions := pipe.ZRangeByScore(ctx, RevokedSessionsKey, live)
	users := pipe.ZRangeByScore(ctx, RevokedUsersKey, live)
	if _, err := pipe.Exec(ctx); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	next := &revoked{sessions: make(map[string]struct{}), users: make(map[string]int64)}
	for _, id := range sessions.Val() {
		next.sessions[id] = struct{}{}
	}
	for _, member := range users.Val() {
		user, ms, _ := strings.Cut(member, ":")
		notBefore, err := strconv.ParseInt(ms, 10, 64)
		if err == nil {
			next.users[user] = max(next.users[user], notBefore)
		}
	}
	r.current.Store(next)
	return nil
}
