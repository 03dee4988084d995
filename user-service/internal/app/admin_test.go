package app_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func (u *users) grant(by person, id string, roles ...string) reply {
	u.t.Helper()
	return u.send("PUT", "/api/v1/users/"+id+"/roles", by.access, m{"roles": append([]string{}, roles...)})
}

func TestGrant_EndsOldTokensAndRefreshBringsTheNewRoles(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	require.Equal(t, "role_missing", u.send("GET", "/api/v1/users", ann.access, nil).code(t))

	r := u.grant(admin, ann.id, "admin", "seller")
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	require.Equal(t, []any{"admin", "customer", "seller"}, r.json(t)["roles"])
	u.refused(refusedWithin, ann.access)
	ann = u.signedIn(u.refresh(ann.refresh))
	require.Equal(t, http.StatusOK, u.send("GET", "/api/v1/users", ann.access, nil).status)

	require.Equal(t, http.StatusOK, u.grant(admin, ann.id).status)
	u.refused(refusedWithin, ann.access)
	ann = u.signedIn(u.refresh(ann.refresh))
	require.Equal(t, "role_missing", u.send("GET", "/api/v1/users", ann.access, nil).code(t))

	stale := u.send("PUT", "/api/v1/users/"+ann.id+"/roles", admin.access, m{"roles": []string{}}, header{"If-Match": `"1"`})
	require.Equal(t, "version_mismatch", stale.code(t))
}

// A token that is issued in the very second of the change carries the new roles
// and counts.
func TestGrant_ATokenFromRightAfterTheChangeCounts(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	require.Equal(t, http.StatusOK, u.grant(admin, ann.id, "seller").status)
	next := u.signedIn(u.refresh(ann.refresh))
	u.refused(refusedWithin, ann.access)
	require.Equal(t, http.StatusOK, u.send("GET", "/api/v1/users/me", next.access, nil).status)
}

func TestBlock_EndsAccessUntilUnblocked(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	for range 2 { // twice is once
		r := u.send("POST", "/api/v1/users/"+ann.id+"/block", admin.access, nil)
		require.Equal(t, http.StatusOK, r.status)
		require.Equal(t, "blocked", r.json(t)["status"])
		require.EqualValues(t, 2, r.json(t)["version"])
	}
	require.Equal(t, "session_ended", u.refresh(ann.refresh).code(t))
	u.refused(refusedWithin, ann.access)
	require.Equal(t, "account_blocked", u.tryLogin("ann@example.com", goodPassword).code(t))
	require.Equal(t, "invalid_credentials", u.tryLogin("ann@example.com", "wrong password").code(t), "only the owner learns it")

	require.Equal(t, http.StatusOK, u.send("POST", "/api/v1/users/"+ann.id+"/unblock", admin.access, nil).status)
	require.Equal(t, "session_ended", u.refresh(ann.refresh).code(t), "what was revoked stays revoked")
	u.login("ann@example.com", goodPassword)
}

// Blocking and signing in at the same moment: whoever is first, no live session
// of a blocked user is left.
func TestBlock_RacesSignIn(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin := u.admin()
	for i := range 10 {
		email := fmt.Sprintf("ann%d@example.com", i)
		ann := u.register(email)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = u.try("POST", "/api/v1/users/"+ann.id+"/block", admin.access, nil) })
		for range 3 {
			wg.Go(func() { _, _ = u.try("POST", "/api/v1/auth/login", "", m{"email": email, "password": goodPassword}) })
			wg.Go(func() { _, _ = u.try("POST", "/api/v1/auth/refresh", "", m{"refresh_token": ann.refresh}) })
		}
		wg.Wait()
	}
	require.Equal(t, 10, u.count(`SELECT count(*) FROM users WHERE status = 'blocked'`))
	require.Zero(t, u.count(`SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.status = 'blocked' AND s.revoked_at IS NULL`))
}

func TestLastAdmin_StaysOneEvenWhenTwoDemoteEachOther(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin := u.admin()
	require.Equal(t, "last_admin", u.grant(admin, admin.id, "seller").code(t))
	blocked := u.send("POST", "/api/v1/users/"+admin.id+"/block", admin.access, nil)
	require.Equal(t, http.StatusConflict, blocked.status)

	ann := u.register("ann@example.com")
	require.Equal(t, http.StatusOK, u.grant(admin, ann.id, "admin").status)
	ann = u.signedIn(u.refresh(ann.refresh))
	var wg sync.WaitGroup
	for _, pair := range [][2]person{{admin, ann}, {ann, admin}} {
		wg.Go(func() {
			_, _ = u.try("PUT", "/api/v1/users/"+pair[1].id+"/roles", pair[0].access, m{"roles": []string{}})
		})
	}
	wg.Wait()
	require.Equal(t, 1, u.count(`SELECT count(*) FROM users WHERE 'admin' = ANY (roles)`))
}

func TestFirstAdmin_DoesNotPromoteAStranger(t *testing.T) {
	t.Parallel()
	u := start(t)
	u.exec(`UPDATE users SET email = 'old-admin@example.com'`)
	u.register(adminEmail) // whoever takes the address of the configuration
	again := startOn(t, u.db, same(u))
	ann := again.login(adminEmail, goodPassword)
	require.Equal(t, "role_missing", again.send("GET", "/api/v1/users", ann.access, nil).code(t))
	require.Equal(t, 2, u.count(`SELECT count(*) FROM users`))
}
