package auth_test

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/testkit"
)

func TestRevocations_ListsSessionsAndUsers(t *testing.T) {
	options, err := redis.ParseURL(testkit.Redis(t))
	require.NoError(t, err)
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	r := auth.NewRevocations(client, zerolog.Nop())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()

	now := time.Now()
	blocked := auth.Identity{UserID: "u2", SessionID: "s2"}
	until := float64(now.Add(time.Minute).UnixMilli())
	client.ZAdd(t.Context(), auth.RevokedSessionsKey,
		redis.Z{Score: until, Member: "s1"},
		redis.Z{Score: float64(now.Add(-time.Minute).UnixMilli()), Member: "s3"})
	client.ZAdd(t.Context(), auth.RevokedUsersKey,
		redis.Z{Score: until, Member: auth.RevokedUser("u2", now)},
		redis.Z{Score: until, Member: auth.RevokedUser("u2", now.Add(-time.Hour))})

	testkit.Eventually(t, time.Minute, func() bool {
		return r.Revoked(shopper, now) && r.Revoked(blocked, now.Add(-time.Second))
	})
	require.False(t, r.Revoked(blocked, now.Add(time.Second)), "a token issued after the block was lifted")
	require.False(t, r.Revoked(auth.Identity{UserID: "u3", SessionID: "s3"}, now), "the entry's time is over")
	cancel()
	require.NoError(t, <-done)
}

func TestRevocations_P41_TheLastListHoldsWhileRedisIsAway(t *testing.T) {
	address := testkit.Redis(t)
	options, err := redis.ParseURL(address)
	require.NoError(t, err)
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	client.ZAdd(t.Context(), auth.RevokedSessionsKey,
		redis.Z{Score: float64(time.Now().Add(time.Minute).UnixMilli()), Member: "s1"})
	r, err := auth.OpenRevocations(address, zerolog.Nop())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	testkit.Eventually(t, time.Minute, func() bool { return r.Revoked(shopper, time.Now()) })

	require.NoError(t, r.Ping(t.Context()))
	require.NoError(t, r.Close()) // from here on every read fails
	failing := time.Now()
	testkit.Eventually(t, time.Minute, func() bool { return time.Since(failing) > 2*time.Second })
	require.True(t, r.Revoked(shopper, time.Now()))
	cancel()
	require.NoError(t, <-done)
}

// counter counts the entries that Redis sends.
type counter struct{ entries, reads atomic.Int64 }

func (c *counter) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (c *counter) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (c *counter) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, commands []redis.Cmder) error {
		err := next(ctx, commands)
		for _, command := range commands {
			if found, ok := command.(*redis.ZSliceCmd); ok {
				c.entries.Add(int64(len(found.Val())))
			}
		}
		c.reads.Add(1)
		return err
	}
}

func TestRevocations_AreReadFromTheLastScoreOn(t *testing.T) {
	options, err := redis.ParseURL(testkit.Redis(t))
	require.NoError(t, err)
	writer, client := redis.NewClient(options), redis.NewClient(options)
	defer func() { _ = writer.Close(); _ = client.Close() }()
	var sent counter
	client.AddHook(&sent)
	now := time.Now()
	revoke := func(id string, at time.Time) {
		until := float64(at.Add(16 * time.Minute).UnixMilli())
		require.NoError(t, writer.ZAdd(t.Context(), auth.RevokedSessionsKey, redis.Z{Score: until, Member: id}).Err())
	}
	const many = 1000
	for i := range many {
		revoke(fmt.Sprint("old ", i), now.Add(-10*time.Minute))
	}
	revoke("the last", now.Add(-time.Minute))
	r := auth.NewRevocations(client, zerolog.Nop())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	ended := func(id string) bool { return r.Revoked(auth.Identity{SessionID: id}, now) }
	within := func(id string) {
		testkit.Eventually(t, time.Minute, func() bool { return ended(id) }, id)
	}
	within("the last")
	before := sent.reads.Load()
	testkit.Eventually(t, time.Minute, func() bool { return sent.reads.Load() >= before+2 }, "it reads again")
	require.Less(t, sent.entries.Load(), int64(many+10), "only the last are read again")

	revoke("new", now)
	within("new")
	require.Less(t, sent.entries.Load(), int64(many+20))
	revoke("written late", now.Add(-10*time.Second))
	within("written late")
	require.Less(t, sent.entries.Load(), int64(many+40))
	revoke("written very late", now.Add(-14*time.Minute))
	within("written very late")

	require.NoError(t, writer.Del(t.Context(), auth.RevokedSessionsKey).Err())
	revoke("after the loss", now)
	within("after the loss")
	for _, id := range []string{"old 7", "the last", "new", "written very late"} {
		require.True(t, ended(id), "%s: what Redis lost holds", id)
	}
	cancel()
	require.NoError(t, <-done)
}

// parts is a group that only remembers.
type parts struct{ running, closing []string }

func (p *parts) Go(name string, _ func(context.Context) error) { p.running = append(p.running, name) }

func (p *parts) OnStop(name string, stop func(context.Context) error) {
	p.closing = append(p.closing, name)
	_ = stop(context.Background())
}

func TestRevocations_AWrongPasswordIsNotReportedAsAMissingServer(t *testing.T) {
	refused, err := url.Parse(testkit.Redis(t))
	require.NoError(t, err)
	refused.User = url.UserPassword("nobody", "hunter2")
	for address, said := range map[string]string{
		refused.String():                 "Redis refuses the user or the password of REDIS_URL",
		"redis://:hunter2@127.0.0.1:1/0": "no Redis answers: start it with `make run`",
	} {
		var log testkit.Log
		r, err := auth.OpenRevocations(address, zerolog.New(&log))
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		testkit.Eventually(t, time.Minute, func() bool { return strings.Contains(log.String(), said) })
		require.NotContains(t, log.String(), "hunter2")
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, r.Close())
	}
}

func TestStart_RunsAndClosesWhatVerifyingNeeds(t *testing.T) {
	var group parts
	verifier, revocations, err := auth.Start(&group, "redis://127.0.0.1:1/0", "http://127.0.0.1:1/jwks", zerolog.Nop())
	require.NoError(t, err)
	require.NotNil(t, verifier)
	require.NotNil(t, revocations)
	require.Equal(t, parts{running: []string{"revocations", "keys"}, closing: []string{"redis"}}, group)

	_, _, err = auth.Start(&group, "redis://user:password@[", "", zerolog.Nop())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "password")
}
