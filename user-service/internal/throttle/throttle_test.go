package throttle

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/fault"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func connect(t *testing.T, url string) *redis.Client {
	t.Helper()
	options, err := redis.ParseURL(url)
	require.NoError(t, err)
	options.MaxRetries, options.ContextTimeoutEnabled = -1, true
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// patient gives Redis all the time it needs on a busy machine.
func patient(client *redis.Client) *Limiter {
	l := New(client, zerolog.Nop(), time.Now)
	l.within = time.Minute
	return l
}

func allowed(l *Limiter, limit Limit, key string, attempts int) (n int) {
	for range attempts {
		if l.Allow(context.Background(), limit, key) == nil {
			n++
		}
	}
	return n
}

var tenPerMinute = PerMinute("test", 10)

func TestLocal_P40_AllowanceRefillsEvenly(t *testing.T) {
	l := newLocal()
	clock := testkit.NewClock(start)
	take := func() time.Duration { return l.take("k", tenPerMinute, clock.Now()) }
	for range 10 {
		require.Zero(t, take())
	}
	require.Equal(t, 6*time.Second, take())
	clock.Advance(6*time.Second - time.Nanosecond)
	require.Equal(t, time.Nanosecond, take())
	clock.Advance(time.Nanosecond)
	require.Zero(t, take())
	require.Equal(t, 6*time.Second, take())
	require.Zero(t, l.take("other", tenPerMinute, clock.Now()))
}

func TestLocal_P40_TurningTheTablesForgetsNothingThatCounts(t *testing.T) {
	l := newLocal()
	clock := testkit.NewClock(start)
	passed := 0
	for range 3 * 60 { // three hours of an attempt per minute, ten per hour allowed
		if l.take("k", PerHour("test", 10), clock.Now()) == 0 {
			passed++
		}
		clock.Advance(time.Minute)
	}
	require.Equal(t, 10+29, passed)
}

func TestLocal_MemoryIsBounded(t *testing.T) {
	l := newLocal()
	for i := range 3 * maxKeys {
		l.take(fmt.Sprint(i), tenPerMinute, start)
	}
	require.LessOrEqual(t, len(l.newer)+len(l.older), 2*maxKeys)
}

func TestLimiter_P40_ReplicasShareOneCountAndAReset(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	one := patient(connect(t, url))
	two := patient(connect(t, url))
	require.Equal(t, 10, allowed(one, tenPerMinute, "k", 10)+allowed(two, tenPerMinute, "k", 10))
	err := two.Allow(t.Context(), tenPerMinute, "k")
	require.ErrorIs(t, err, ErrTooMany)
	require.Positive(t, fault.Of(err).RetryAfter)
	require.LessOrEqual(t, fault.Of(err).RetryAfter, 6*time.Second)

	require.Equal(t, 10, allowed(two, PerMinute("other", 10), "k", 11), "limits do not mix")
	one.Reset(t.Context(), tenPerMinute, "k")
	require.Equal(t, 10, allowed(one, tenPerMinute, "k", 11))
}

// Redis counts by its own clock, so that only the waiting time shows the window.
func TestLimiter_P40_RedisKnowsTheWindow(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	one, two := patient(connect(t, url)), patient(connect(t, url))
	require.Equal(t, 10, allowed(one, PerHour("test", 10), "k", 10))
	wait := fault.Of(two.Allow(t.Context(), PerHour("test", 10), "k")).RetryAfter
	require.Greater(t, wait, 5*time.Minute)
	require.LessOrEqual(t, wait, 6*time.Minute)
}

func TestLimiter_KeepsNoKeyInTheClear(t *testing.T) {
	t.Parallel()
	client := connect(t, testkit.Redis(t))
	require.NoError(t, patient(client).Allow(t.Context(), tenPerMinute, "shopper@marketplace.local"))
	keys, err := client.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.NotContains(t, keys[0], "shopper")
	ttl, err := client.PTTL(t.Context(), keys[0]).Result()
	require.NoError(t, err)
	require.Positive(t, ttl, "and forgets it")
}

// Redis that is gone, and Redis that accepts and never answers.
func TestLimiter_P41_WithoutRedisStillLimitedAndAtMost50msLater(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	hung := listener.Addr().String()
	t.Cleanup(func() { _ = listener.Close() })
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, gone.Close())

	for name, address := range map[string]string{"hung": hung, "gone": gone.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			l := New(connect(t, "redis://"+address+"/0"), zerolog.Nop(), time.Now)
			began := time.Now()
			require.NoError(t, l.Allow(t.Context(), tenPerMinute, "first"))
			require.Less(t, time.Since(began), 2*time.Second, "not the client's own three seconds")

			// Whoever found out lost 50 ms; all the others lose nothing. A hundred time-outs would be five seconds.
			began = time.Now()
			for i := range 100 {
				require.NoError(t, l.Allow(t.Context(), tenPerMinute, fmt.Sprint(i)))
			}
			l.Reset(t.Context(), tenPerMinute, "other")
			require.Less(t, time.Since(began), 4*time.Second)
			require.Equal(t, 10, allowed(l, tenPerMinute, "k", 15), "still limited")
		})
	}
}

func TestLimiter_P41_AsksRedisAgainWhenItIsBack(t *testing.T) {
	t.Parallel()
	client := connect(t, testkit.Redis(t))
	l := patient(client)
	l.resume.Store(time.Now().Add(time.Hour).UnixNano())
	require.NoError(t, l.Allow(t.Context(), tenPerMinute, "k"))
	require.Zero(t, client.DBSize(t.Context()).Val())
	l.resume.Store(time.Now().UnixNano())
	require.NoError(t, l.Allow(t.Context(), tenPerMinute, "k"))
	require.EqualValues(t, 1, client.DBSize(t.Context()).Val())
}

func TestLimiter_P40_OneAttemptIsGivenBackEverywhere(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	one, two := patient(connect(t, url)), patient(connect(t, url))
	hour := PerHour("test", 10)
	require.Equal(t, 10, allowed(one, hour, "k", 11))
	one.GiveBack(t.Context(), hour, "k")
	require.Equal(t, 1, allowed(one, hour, "k", 2))
	one.GiveBack(t.Context(), hour, "k")
	require.Equal(t, 1, allowed(two, hour, "k", 2))
	for range 20 {
		one.GiveBack(t.Context(), hour, "k")
	}
	require.Equal(t, 10, allowed(one, hour, "k", 11), "never more than the allowance")
}

// Redis counted the attempts and then answers too late to what is given back.
func TestLimiter_P41_ASlowRedisGivesBackWhatItCounted(t *testing.T) {
	t.Parallel()
	url := testkit.Redis(t)
	one, two := patient(connect(t, url)), patient(connect(t, url))
	hour := PerHour("test", 10)
	require.Equal(t, 10, allowed(one, hour, "k", 10))
	require.Equal(t, 10, allowed(one, hour, "l", 10))
	one.within = time.Nanosecond
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	one.Reset(cancelled, hour, "k")
	one.GiveBack(cancelled, hour, "l")
	one.GiveBack(cancelled, hour, "l")
	one.within = time.Minute
	one.resume.Store(0)
	require.Equal(t, 10, allowed(one, hour, "k", 11), "at once in this process")
	require.Equal(t, 0, allowed(two, hour, "k", 1), "Redis does not know yet")

	running, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- one.Run(running) }()
	testkit.Eventually(t, time.Minute, func() bool { return len(one.owed.all()) == 0 })
	require.Equal(t, 10, allowed(two, hour, "k", 11), "soon everywhere")
	require.Equal(t, 2, allowed(two, hour, "l", 3))
	stop()
	require.NoError(t, <-done)
}

func TestLimiter_P41_WhatIsOwedIsToldAtTheEnd(t *testing.T) {
	t.Parallel()
	client := connect(t, testkit.Redis(t))
	l := patient(client)
	require.NoError(t, l.Allow(t.Context(), tenPerMinute, "k"))
	l.owed.add(identify(tenPerMinute, "k"), time.Minute)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, l.Run(ended))
	require.Zero(t, client.DBSize(t.Context()).Val())
}

func TestOwed_MemoryIsBounded(t *testing.T) {
	o := owed{keys: map[string]time.Duration{}}
	for i := range 2 * maxOwed {
		o.add(fmt.Sprint(i), time.Second)
	}
	require.Len(t, o.keys, maxOwed)
}
