package app_test

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	shared "marketplace/shared/config"
	"marketplace/shared/testkit"
	"marketplace/user-service/internal/config"
	"marketplace/user-service/internal/token"
	"marketplace/user-service/migrations"
)

// refusedWithin is a second between two looks at the list of revocations, and the
// next reconciliation when a busy machine did not announce one within 50 ms.
const refusedWithin = 15 * time.Second

// later makes the database believe that a session was rotated some time ago.
func (u *users) later(ago string) {
	u.exec(`UPDATE sessions SET created_at = created_at - $1::interval, rotated_at = rotated_at - $1::interval`, ago)
}

func TestRefresh_P37_RotatesAndReplaysToParallelTabs(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	before := ann.refresh
	for range 3 { // every round: ten tabs wake up with the same token
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := map[string]int{}
		for range 10 {
			wg.Go(func() {
				r, err := u.try("POST", "/api/v1/auth/refresh", "", m{"refresh_token": before})
				if err != nil || r.status != http.StatusOK {
					return
				}
				mu.Lock()
				defer mu.Unlock()
				got[r.json(t)["refresh_token"].(string)]++
			})
		}
		wg.Wait()
		require.Len(t, got, 1, "all tabs hold the same successor")
		for next, n := range got {
			require.Equal(t, 10, n)
			require.NotEqual(t, before, next)
			before = next
		}
	}
	require.Equal(t, 1, u.count(`SELECT count(*) FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND generation = 4`, ann.id))
}

func TestRefresh_P37_AReplayAfterTheGraceRevokesTheFamily(t *testing.T) {
	t.Parallel()
	u := start(t)
	victim := u.register("ann@example.com")
	other := u.login("ann@example.com", goodPassword)
	next := u.signedIn(u.refresh(victim.refresh))
	u.later("29 seconds")
	require.Equal(t, next.refresh, u.signedIn(u.refresh(victim.refresh)).refresh)
	u.later("2 seconds")

	stolen := u.refresh(victim.refresh)
	require.Equal(t, http.StatusUnauthorized, stolen.status)
	require.Equal(t, "session_ended", stolen.code(t))
	require.Equal(t, "session_ended", u.refresh(next.refresh).code(t), "nor does the successor work")
	u.refused(refusedWithin, next.access)
	require.Equal(t, http.StatusOK, u.refresh(other.refresh).status, "the user's other session is another family")
	require.Equal(t, 1, u.count(`SELECT count(*) FROM sessions WHERE revoke_reason = 'refresh_token_reused'`))
}

func TestRefresh_P37_TheGraceEndsWithTheSuccessorsFirstUse(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	second := u.signedIn(u.refresh(ann.refresh))
	third := u.signedIn(u.refresh(second.refresh))
	require.Equal(t, "session_ended", u.refresh(ann.refresh).code(t))
	require.Equal(t, "session_ended", u.refresh(third.refresh).code(t))
}

func TestRefresh_P37_NobodyEndsASessionWithAForgedToken(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	for _, forged := range []string{"", "x", ann.access, ann.refresh + "x", ann.refresh[:len(ann.refresh)-2] + "zz", "mrt2_" + ann.refresh[10:]} {
		require.Equal(t, "session_ended", u.refresh(forged).code(t), "%q", forged)
	}
	require.Equal(t, http.StatusOK, u.refresh(ann.refresh).status)
}

// Who knows the id of a session may claim an old generation, with or without tag.
func TestRefresh_P37_NobodyEndsASessionWithAForgedOldToken(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	next := u.signedIn(u.refresh(ann.refresh))
	presented, err := token.ReadRefresh(ann.refresh)
	require.NoError(t, err)
	strangers, err := token.NewKeys("a stranger's secret", "")
	require.NoError(t, err)
	for _, key := range [][]byte{nil, token.NewSessionKey()} {
		forged, err := strangers.Issue(presented.Refresh, key)
		require.NoError(t, err)
		require.Equal(t, "session_ended", u.refresh(forged).code(t))
	}
	require.Equal(t, http.StatusOK, u.refresh(next.refresh).status)
}

func TestRefresh_EndsWithTheSessionsLifetime(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	u.exec(`UPDATE sessions SET created_at = now() - interval '31 days', rotated_at = now() - interval '31 days', expires_at = now() - interval '1 day'`)
	require.Equal(t, "session_ended", u.refresh(ann.refresh).code(t))
}

// The client never hears whether the rotation was saved. It tries again with what
// it has, and in both cases stays signed in.
func TestRefresh_P18_ALostAnswerIsReplayed(t *testing.T) {
	t.Parallel()
	db := testkit.Database(t, "user_service", migrations.Files)
	cutter := testkit.NewCutter(t, db.URL)
	u := startOn(t, db, func(c *config.Config) {
		c.DatabaseURL, c.RedisURL = shared.Secret(cutter.URL), shared.Secret(testkit.Redis(t))
	})
	ann := u.register("ann@example.com")
	for _, delivered := range []bool{true, false} {
		cutter.Arm(delivered)
		lost := u.refresh(ann.refresh)
		require.Equal(t, http.StatusServiceUnavailable, lost.status, "%s", lost.body)
		ann = u.signedIn(u.refresh(ann.refresh))
	}
}

func TestLogout_EndsTheSessionEverywhere(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	require.Equal(t, http.StatusNoContent, u.send("POST", "/api/v1/auth/logout", ann.access, nil).status)
	require.Equal(t, "session_ended", u.refresh(ann.refresh).code(t))
	u.refused(refusedWithin, ann.access)
	require.Equal(t, "token_revoked", u.send("POST", "/api/v1/auth/logout", ann.access, nil).code(t))
}

// Redis forgets everything; the database does not.
func TestRevocations_AreRefilledAfterRedisLostThem(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann, bob := u.register("ann@example.com"), u.register("bob@example.com")
	admin := u.admin()
	require.Equal(t, http.StatusNoContent, u.send("POST", "/api/v1/auth/logout", ann.access, nil).status)
	require.Equal(t, http.StatusOK, u.send("POST", "/api/v1/users/"+bob.id+"/block", admin.access, nil).status)

	options, err := redis.ParseURL(u.cfg.RedisURL.Reveal())
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	require.NoError(t, client.FlushDB(t.Context()).Err())
	testkit.Eventually(t, time.Minute, func() bool {
		pipe := client.Pipeline()
		sessions, users := pipe.ZCard(context.Background(), auth.RevokedSessionsKey), pipe.ZCard(context.Background(), auth.RevokedUsersKey)
		_, err := pipe.Exec(context.Background())
		return err == nil && sessions.Val() == 2 && users.Val() == 1 // ann's, and bob's by the block
	})
	u.refused(refusedWithin, ann.access)
	u.refused(refusedWithin, bob.access)
	until, err := client.ZRangeWithScores(t.Context(), auth.RevokedSessionsKey, 0, 0).Result()
	require.NoError(t, err)
	left := time.Until(time.UnixMilli(int64(until[0].Score)))
	require.Greater(t, left, 15*time.Minute, "longer than the last access token lives")
	require.Less(t, left, 17*time.Minute)
}
