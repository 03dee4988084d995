package auth

import (
	"context"
	"errors"
	"fmt"
	"strconv"
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
	// wholeEvery is how often everything is read again, new or not.
	wholeEvery = time.Minute
	// overlap is read again each time: the clocks of those who write differ, and some commit later than others.
	overlap = 30 * time.Second
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

	readWhole time.Time // when everything was read last; Run's own
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

// Run reads what is new in the lists once a second until ctx ends, and everything now and then. While Redis is away what is known
// holds.
func (r *Revocations) Run(ctx context.Context) error {
	tick := time.NewTicker(readEvery)
	defer tick.Stop()
	away := false
	for {
		if err := r.read(ctx); err == nil {
			away = false
		} else if !away && ctx.Err() == nil {
			away = true
			r.log.Warn().Err(err).Msg("revoked sessions cannot be read: the last list stays in force; " + troubleOf(err))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// troubleOf says why there is no reply, for who can mend it.
func troubleOf(err error) string {
	if redis.HasErrorPrefix(err, "WRONGPASS") || redis.HasErrorPrefix(err, "NOAUTH") {
		return "Redis refuses the user or the password of REDIS_URL: set the right one, or unset it beside `make run`, whose own is read from .local/env"
	}
	return "no Redis answers: start it with `make run`, or set REDIS_URL"
}

// Revoked says whether a token of the identity, issued at that time, has been taken back.
func (r *Revocations) Revoked(id Identity, issuedAt time.Time) bool {
	now := r.current.Load()
	if _, ended := now.sessions[id.SessionID]; ended {
		return true
	}
	return issuedAt.UnixMilli() < now.voided[id.UserID]
}

// read reads what is new, or everything when that is due. Redis may have lost entries, which hold here until their time is over. If it
// has more than are known here, one was written with an old score: then everything is read at once.
func (r *Revocations) read(ctx context.Context) error {
	now := time.Now()
	whole := now.Sub(r.readWhole) >= wholeEvery
	complete, err := r.fetch(ctx, now, whole)
	if err == nil && !complete && !whole {
		whole = true
		_, err = r.fetch(ctx, now, whole)
	}
	if err == nil && whole {
		r.readWhole = now
	}
	return err
}

// fetch adds what Redis has, from the last known score on or whole; complete if that is all of it.
func (r *Revocations) fetch(ctx context.Context, now time.Time, whole bool) (complete bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	before := r.current.Load()
	live := score(float64(now.UnixMilli()))
	from := func(e entries) *redis.ZRangeBy {
		if whole {
			return &redis.ZRangeBy{Min: live, Max: "+inf"}
		}
		return &redis.ZRangeBy{Min: e.from(now), Max: "+inf"}
	}
	pipe := r.redis.Pipeline()
	sessions := pipe.ZRangeByScoreWithScores(ctx, RevokedSessionsKey, from(before.sessions))
	users := pipe.ZRangeByScoreWithScores(ctx, RevokedUsersKey, from(before.users))
	allSessions := pipe.ZCount(ctx, RevokedSessionsKey, live, "+inf")
	allUsers := pipe.ZCount(ctx, RevokedUsersKey, live, "+inf")
	if _, err := pipe.Exec(ctx); err != nil {
		return false, fmt.Errorf("redis: %w", err)
	}
	next := before
	if whole || !before.sessions.knows(sessions.Val()) || !before.users.knows(users.Val()) {
		next = &revoked{sessions: before.sessions.with(sessions.Val(), now), users: before.users.with(users.Val(), now)}
		next.voided = next.users.voided()
		r.current.Store(next)
	}
	return allSessions.Val() <= next.sessions.live(now) && allUsers.Val() <= next.users.live(now), nil
}
