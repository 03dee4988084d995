package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	shared "marketplace/shared/config"
	"marketplace/shared/testkit"
	"marketplace/user-service/internal/config"
	"marketplace/user-service/internal/token"
	"marketplace/user-service/migrations"
)

// idle makes the database believe that nothing was heard of any session for some time.
func (u *users) idle(ago string) {
	u.exec(`UPDATE sessions SET created_at = created_at - $1::interval, rotated_at = rotated_at - $1::interval, expires_at = expires_at - $1::interval`, ago)
}

// restarts starts the service with one pair of secrets after the other, always on the same data.
func restarts(t *testing.T) func(secret, previous string) *users {
	db, redis := testkit.Database(t, "user_service", migrations.Files), testkit.Redis(t)
	var running *users
	return func(secret, previous string) *users {
		if running != nil {
			running.stop()
		}
		running = startOn(t, db, func(c *config.Config) {
			c.DatabaseURL, c.RedisURL = shared.Secret(db.URL), shared.Secret(redis)
			c.JWTSecret, c.JWTSecretPrevious = shared.Secret(secret), shared.Secret(previous)
		})
		return running
	}
}

// The README: the old value into JWT_SECRET_PREVIOUS, restart, empty it after 15 minutes, restart.
func TestSecret_P37_RotatingItAsTheHandbookSaysSignsNobodyOut(t *testing.T) {
	t.Parallel()
	with := restarts(t)
	u := with("the old secret", "")
	ann, bob, cyd := u.register("ann@example.com"), u.register("bob@example.com"), u.register("cyd@example.com")
	first := ann.refresh
	ann = u.signedIn(u.refresh(first))

	u = with("the new secret", "the old secret")
	require.Equal(t, http.StatusOK, u.send("GET", "/api/v1/users/me", ann.access, nil).status)
	cyd = u.signedIn(u.refresh(cyd.refresh))

	u = with("the new secret", "")
	require.Equal(t, "token_invalid", u.send("GET", "/api/v1/users/me", ann.access, nil).code(t))
	require.Equal(t, http.StatusOK, u.send("GET", "/api/v1/users/me", cyd.access, nil).status)
	u.idle("20 minutes")
	next := u.signedIn(u.refresh(ann.refresh))
	require.Equal(t, next.refresh, u.signedIn(u.refresh(ann.refresh)).refresh, "another tab of hers")
	u.idle("20 days")
	u.signedIn(u.refresh(bob.refresh))
	u.signedIn(u.refresh(cyd.refresh))

	require.Equal(t, "session_ended", u.refresh(first).code(t))
	require.Equal(t, "session_ended", u.refresh(next.refresh).code(t), "a stolen token is recognised though its secret is gone")
	require.Equal(t, 1, u.count(`SELECT count(*) FROM sessions WHERE revoke_reason = 'refresh_token_reused'`))
}

func TestSecret_P37_ASessionFromBeforeSessionsHadKeysOutlivesItToo(t *testing.T) {
	t.Parallel()
	with := restarts(t)
	u := with("the old secret", "")
	ann := u.register("ann@example.com")
	presented, err := token.ReadRefresh(ann.refresh)
	require.NoError(t, err)
	keys, err := token.NewKeys("the old secret", "")
	require.NoError(t, err)
	before, err := keys.Issue(presented.Refresh, nil)
	require.NoError(t, err)
	u.exec(`UPDATE sessions SET token_key = NULL`)
	u.exec(`ALTER TABLE sessions DISABLE TRIGGER sessions_guard`)
	u.exec(`UPDATE sessions SET refresh_hash = sha256($1::bytea)`, []byte(before))
	u.exec(`ALTER TABLE sessions ENABLE TRIGGER sessions_guard`)

	u = with("the new secret", "")
	u.idle("20 days")
	next := u.signedIn(u.refresh(before))
	require.Equal(t, 1, u.count(`SELECT count(*) FROM sessions WHERE octet_length(token_key) = 32`), "it has got a key")
	u = with("a third secret", "")
	u.signedIn(u.refresh(next.refresh))
}
