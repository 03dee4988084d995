package auth_test

import (
	"context"
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

	testkit.Eventually(t, 5*time.Second, func() bool {
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
	testkit.Eventually(t, 5*time.Second, func() bool { return r.Revoked(shopper, time.Now()) })

	require.NoError(t, r.Ping(t.Context()))
	require.NoError(t, r.Close()) // from here on every read fails
	failing := time.Now()
	testkit.Eventually(t, 10*time.Second, func() bool { return time.Since(failing) > 2*time.Second })
	require.True(t, r.Revoked(shopper, time.Now()))
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
