// Package throttle slows down guessing: it allows so many attempts per minute or
// hour for each key, say an account or an address.
//
// Attempts are counted in this process and, when Redis is there, in Redis for all
// replicas together; an attempt passes if both allow it. When Redis does not
// answer within 50 ms, the process's own count holds alone and Redis is left in
// peace for a second. What is given back meanwhile is told to Redis as soon as it
// answers.
//
// The algorithm is GCRA (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm):
// a key holds one time, when its allowance will be whole again. The allowance of
// one minute or hour may be used at once and refills evenly.
package throttle

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"marketplace/shared/fault"
)

// ErrTooMany means that a key's allowance is used up; its RetryAfter says for how
// long.
var ErrTooMany = fault.New(fault.TooMany, "too_many_attempts", "Too many attempts; try again later.")

const (
	// redisTimeout is the most that a request may lose to Redis.
	redisTimeout = 50 * time.Millisecond
	// redisRest is how long Redis is not asked after it has failed.
	redisRest = time.Second
)

// Limit is the number of attempts allowed for one key in a window of time.
type Limit struct {
	name     string
	attempts int
	window   time.Duration
}

// PerMinute is a limit of at least one attempt a minute. Its name tells it from
// other limits with equal keys.
func PerMinute(name string, attempts int) Limit { return Limit{name, attempts, time.Minute} }

// PerHour is a limit of at least one attempt an hour.
func PerHour(name string, attempts int) Limit { return Limit{name, attempts, longestWindow} }

// longestWindow bounds how long an attempt has to be remembered.
const longestWindow = time.Hour

// interval is the time in which one attempt comes back.
func (l Limit) interval() time.Duration { return l.window / time.Duration(l.attempts) }

// Limiter counts attempts.
type Limiter struct {
	local  *local
	owed   owed
	redis  redis.Scripter
	within time.Duration // redisTimeout, but in tests
	log    zerolog.Logger
	now    func() time.Time
	resume atomic.Int64 // unix nanoseconds until which Redis is left alone
}

// New returns a limiter. The client must heed the deadline of a context
// (ContextTimeoutEnabled) and not retry.
func New(client redis.Scripter, log zerolog.Logger, now func() time.Time) *Limiter {
	return &Limiter{local: newLocal(), owed: owed{keys: map[string]time.Duration{}}, redis: client, within: redisTimeout, log: log, now: now}
}

// Allow takes one attempt of the key's allowance, or returns ErrTooMany.
func (l *Limiter) Allow(ctx context.Context, limit Limit, key string) error {
	id := identify(limit, key)
	wait := l.local.take(id, limit, l.now())
	if wait == 0 && !l.owed.has(id) {
		if wait = l.takeShared(ctx, id, limit); wait > 0 {
			l.local.giveBack(id, limit.interval(), l.now()) // a refused attempt counts nowhere
		}
	}
	if wait > 0 {
		return ErrTooMany.WithRetryAfter(wait)
	}
	return nil
}

func (l *Limiter) takeShared(ctx context.Context, id string, limit Limit) time.Duration {
	var micros int64
	_ = l.ask(ctx, func(ctx context.Context) (err error) {
		micros, err = take.Run(ctx, l.redis, []string{id}, limit.interval().Microseconds(), limit.window.Microseconds()).Int64()
		return err
	})
	return time.Duration(micros) * time.Microsecond
}

// Reset gives the key its whole allowance back.
func (l *Limiter) Reset(ctx context.Context, limit Limit, key string) {
	l.giveBack(ctx, identify(limit, key), limit.window)
}

// GiveBack gives one attempt back that Allow has taken. Whether Redis counted it is not known if it answered too late; then one
// may come back there that it never took.
func (l *Limiter) GiveBack(ctx context.Context, limit Limit, key string) {
	l.giveBack(ctx, identify(limit, key), limit.interval())
}

func (l *Limiter) giveBack(ctx context.Context, id string, amount time.Duration) {
	l.local.giveBack(id, amount, l.now())
	told := !l.owed.has(id) && l.ask(ctx, func(ctx context.Context) error {
		return giveBack.Run(ctx, l.redis, []string{id}, amount.Microseconds()).Err()
	})
	if !told {
		l.owed.add(id, amount)
	}
}

// identify makes the name under which a key is counted. Keys are people's
// addresses, so that only their hashes are kept.
func identify(limit Limit, key string) string {
	sum := sha256.Sum256([]byte(key))
	return "user-service:throttle:" + limit.name + ":" + base64.RawURLEncoding.EncodeToString(sum[:18])
}

// ask runs one command on Redis, unless it failed a moment ago, and says whether Redis answered. A request that is cancelled does
// not cancel it.
func (l *Limiter) ask(ctx context.Context, command func(context.Context) error) bool {
	now := time.Now()
	if now.UnixNano() < l.resume.Load() {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), l.within)
	defer cancel()
	if err := command(ctx); err != nil {
		l.resume.Store(now.Add(l.within + redisRest).UnixNano())
		l.log.Warn().Err(err).Msg("Redis does not answer: counting attempts in this process alone")
		return false
	}
	return true
}

// take is GCRA on Redis's own clock. ARGV: interval, window, both in microseconds;
// returns how many microseconds to wait, 0 if allowed.
var take = redis.NewScript(`
local interval, window = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local whole = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + interval
if whole - now > window then
  return whole - now - window
end
redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000))
return 0`)

// giveBack makes the allowance complete earlier. ARGV: by how many microseconds.
var giveBack = redis.NewScript(`
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local whole = tonumber(redis.call('GET', KEYS[1]) or 0) - tonumber(ARGV[1])
if whole <= now then
  return redis.call('DEL', KEYS[1])
end
redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000))
return 1`)
