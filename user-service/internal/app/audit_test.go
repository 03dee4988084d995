package app_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/postgres"
	"marketplace/shared/web"
	"marketplace/user-service/internal/config"
	"marketplace/user-service/internal/handler"
)

// audit is the whole audit log of an account, oldest first, read page by page.
func (u *users) audit(admin person, id string) (entries []handler.AuditEntry) {
	u.t.Helper()
	path := "/api/v1/users/" + id + "/audit?limit=3"
	for cursor := ""; ; {
		r := u.send("GET", path+cursor, admin.access, nil)
		require.Equal(u.t, http.StatusOK, r.status, "%s", r.body)
		var page web.List[handler.AuditEntry]
		require.NoError(u.t, json.Unmarshal(r.body, &page))
		for _, e := range page.Items {
			entries = append([]handler.AuditEntry{e}, entries...)
		}
		if page.NextCursor == "" {
			return entries
		}
		cursor = "&cursor=" + page.NextCursor
	}
}

func TestAudit_EveryActOnAnAccountIsAnEntry(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	id, path := ann.id, "/api/v1/users/"+ann.id
	u.send("PATCH", "/api/v1/users/me", ann.access, m{"name": "Anna"})
	u.send("PATCH", "/api/v1/users/me", ann.access, m{"name": "Anna"}) // changes nothing
	u.tryLogin("ann@example.com", "wrong password")                    // at home: her own mistake
	strange := header{"X-Forwarded-For": "203.0.113.7"}
	u.tryLogin("ann@example.com", "wrong password", strange)
	u.send("POST", "/api/v1/users/me/password", ann.access, m{"current_password": goodPassword, "new_password": goodPassword + "!"})
	second := u.login("ann@example.com", goodPassword+"!")
	u.send("POST", "/api/v1/auth/logout", second.access, nil)
	u.grant(admin, id, "seller")
	u.send("POST", path+"/block", admin.access, nil)
	u.send("POST", path+"/block", admin.access, nil) // changes nothing
	require.Equal(t, "account_blocked", u.tryLogin("ann@example.com", goodPassword+"!", strange).code(t))
	u.send("POST", path+"/unblock", admin.access, nil)
	third := u.login("ann@example.com", goodPassword+"!")
	next := u.signedIn(u.refresh(third.refresh))
	u.signedIn(u.refresh(next.refresh))
	u.refresh(third.refresh) // a stolen token

	entries := u.audit(admin, id)
	var acts []string
	for _, e := range entries {
		act := e.Action
		if e.Reason != nil {
			act += " " + *e.Reason
		}
		switch {
		case e.ActorID == nil:
			act += " by nobody"
		case *e.ActorID == admin.id:
			act += " by the admin"
		default:
			require.Equal(t, id, *e.ActorID)
		}
		acts = append(acts, act)
		require.NotEmpty(t, e.Network)
		require.False(t, e.CreatedAt.IsZero())
	}
	require.Equal(t, []string{
		"created", "renamed", "sign_in_failed wrong_password by nobody", "password_changed", "signed_in", "session_ended logout",
		"roles_changed by the admin", "blocked by the admin", "sign_in_failed account_blocked by nobody", "unblocked by the admin",
		"signed_in", "session_ended refresh_token_reused by nobody",
	}, acts)
	require.Equal(t, "203.0.113.7", entries[2].Network)
	require.Equal(t, []string{"customer"}, entries[6].RolesBefore)
	require.Equal(t, []string{"customer", "seller"}, entries[6].RolesAfter)
	require.Equal(t, *entries[10].SessionID, *entries[11].SessionID)
	require.Equal(t, "created", u.audit(admin, admin.id)[0].Action, "the first admin's account too")

	u.tryLogin("nobody@example.com", "wrong password")
	require.Equal(t, 1, u.count(`SELECT count(*) FROM audit_log WHERE user_id IS NULL AND reason = 'no_account'`))
}

func TestAudit_TheDatabaseKeepsEveryRow(t *testing.T) {
	t.Parallel()
	u := start(t)
	u.tryLogin("nobody@example.com", "wrong password")
	for _, sql := range []string{
		`UPDATE audit_log SET network = ''`, `DELETE FROM audit_log`, `TRUNCATE audit_log`,
		`DELETE FROM audit_log WHERE action = 'sign_in_failed'`,
	} {
		_, err := u.db.Pool.Exec(context.Background(), sql)
		require.True(t, postgres.Violates(err, "audit_log_append_only"), "%s: %v", sql, err)
	}
}

// Redis tells the services which tokens are void. An admin who was demoted while it is away still has a token that says admin.
func TestAccess_ADemotedAdminChangesNothingWithTheOldToken(t *testing.T) {
	t.Parallel()
	u := start(t, func(c *config.Config) { c.RedisURL = "redis://127.0.0.1:1" })
	admin, ann, bob := u.admin(), u.register("ann@example.com"), u.register("bob@example.com")
	require.Equal(t, http.StatusOK, u.grant(admin, ann.id, "admin").status)
	ann = u.signedIn(u.refresh(ann.refresh))
	require.Equal(t, http.StatusOK, u.send("POST", "/api/v1/users/"+bob.id+"/block", ann.access, nil).status)
	require.Equal(t, http.StatusOK, u.grant(admin, ann.id).status)

	require.Equal(t, http.StatusOK, u.send("GET", "/api/v1/users", ann.access, nil).status, "the token still counts")
	for _, r := range []reply{
		u.grant(ann, ann.id, "admin"), u.grant(ann, bob.id, "admin"),
		u.send("POST", "/api/v1/users/"+bob.id+"/unblock", ann.access, nil), u.send("POST", "/api/v1/users/"+admin.id+"/block", ann.access, nil),
	} {
		require.Equal(t, http.StatusForbidden, r.status, "%s", r.body)
		require.Equal(t, "role_missing", r.code(t))
	}
	require.Equal(t, 1, u.count(`SELECT count(*) FROM users WHERE 'admin' = ANY (roles)`))
	require.Equal(t, 1, u.count(`SELECT count(*) FROM users WHERE status = 'blocked'`))
}
