package app_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func keyed(key string) header { return header{"Idempotency-Key": key} }

func TestBlock_P19_ALateRetryDoesNotBlockAgain(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	block, unblock := "/api/v1/users/"+ann.id+"/block", "/api/v1/users/"+ann.id+"/unblock"
	first := u.send("POST", block, admin.access, nil, keyed("k"))
	require.Equal(t, http.StatusOK, first.status, "%s", first.body)
	require.Equal(t, "blocked", first.json(t)["status"])
	free := u.send("POST", unblock, admin.access, nil, keyed("k"))
	require.Equal(t, "active", free.json(t)["status"], "a key belongs to its route")

	late := u.send("POST", block, admin.access, nil, keyed("k"))
	require.Equal(t, first.status, late.status)
	require.Equal(t, string(first.body), string(late.body))
	require.Equal(t, first.header.Get("ETag"), late.header.Get("ETag"))
	u.login("ann@example.com", goodPassword)

	require.Equal(t, http.StatusOK, u.send("POST", block, admin.access, nil, keyed("another")).status)
	late = u.send("POST", unblock, admin.access, nil, keyed("k"))
	require.Equal(t, string(free.body), string(late.body))
	require.Equal(t, "account_blocked", u.tryLogin("ann@example.com", goodPassword).code(t))
}

func TestBlock_P20_AKeyIsForOneUser(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann, bob := u.admin(), u.register("ann@example.com"), u.register("bob@example.com")
	require.Equal(t, http.StatusOK, u.send("POST", "/api/v1/users/"+ann.id+"/block", admin.access, nil, keyed("k")).status)
	other := u.send("POST", "/api/v1/users/"+bob.id+"/block", admin.access, nil, keyed("k"))
	require.Equal(t, http.StatusUnprocessableEntity, other.status)
	require.Equal(t, "idempotency_key_reused", other.code(t))
	u.login("bob@example.com", goodPassword)
}

func TestBlock_P21_TwentyAtOnceBlockOnce(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			r, err := u.try("POST", "/api/v1/users/"+ann.id+"/block", admin.access, nil, keyed("k"))
			if err != nil || r.status != http.StatusOK && r.status != http.StatusConflict {
				t.Errorf("%d %s %v", r.status, r.body, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, u.count(`SELECT count(*) FROM idempotency_keys`))
	require.Equal(t, 2, u.count(`SELECT version FROM users WHERE email = 'ann@example.com'`))
}

func TestBlock_DependsOnTheVersionThatWasSeen(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	block, unblock := "/api/v1/users/"+ann.id+"/block", "/api/v1/users/"+ann.id+"/unblock"
	require.Equal(t, http.StatusOK, u.send("POST", block, admin.access, nil, header{"If-Match": `"1"`}).status)
	require.Equal(t, "version_mismatch", u.send("POST", unblock, admin.access, nil, header{"If-Match": `"1"`}).code(t))
	require.Equal(t, http.StatusOK, u.send("POST", unblock, admin.access, nil, header{"If-Match": `"2"`}).status)
	require.Equal(t, "version_mismatch", u.send("POST", block, admin.access, nil, header{"If-Match": `"1"`}).code(t), "the retry")
	u.login("ann@example.com", goodPassword)
}

// The second time the current password is another one, so that without the stored reply the retry would be refused; and once
// the old password is back, a late retry would change it again.
func TestPassword_P19_ALateRetryChangesNothing(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	const other = "another long password"
	change := func(from, to, key string) reply {
		return u.send("POST", "/api/v1/users/me/password", ann.access, m{"current_password": from, "new_password": to}, keyed(key))
	}
	require.Equal(t, http.StatusNoContent, change(goodPassword, other, "k").status)
	require.Equal(t, http.StatusNoContent, change(goodPassword, other, "k").status)
	require.Equal(t, http.StatusNoContent, change(other, goodPassword, "l").status)
	late := change(goodPassword, other, "k")
	require.Equal(t, http.StatusNoContent, late.status)
	require.Empty(t, late.body)
	u.login("ann@example.com", goodPassword)
	require.Equal(t, "idempotency_key_reused", change(goodPassword, other+"!", "k").code(t))

	u.send("POST", "/api/v1/users/me/password", ann.access, m{"current_password": "wrong password", "new_password": other}, keyed("m"))
	require.Equal(t, 2, u.count(`SELECT count(*) FROM idempotency_keys`), "what was refused is not kept")
}

// Every POST of today and tomorrow is in this table, says that a key has no effect, or fails the test.
func TestIdempotency_P19_P20_EveryPost(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	cases := map[string]struct {
		path, otherPath string
		body, otherBody any
	}{
		"/api/v1/users/{id}/block":   {path: "/api/v1/users/" + ann.id + "/block", otherPath: "/api/v1/users/" + admin.id + "/block"},
		"/api/v1/users/{id}/unblock": {path: "/api/v1/users/" + ann.id + "/unblock", otherPath: "/api/v1/users/" + admin.id + "/unblock"},
		"/api/v1/users/me/password": {
			path: "/api/v1/users/me/password", otherPath: "/api/v1/users/me/password",
			body:      m{"current_password": adminPassword, "new_password": goodPassword},
			otherBody: m{"current_password": goodPassword, "new_password": adminPassword},
		},
	}
	paths := u.send("GET", "/openapi.json", "", nil).json(t)["paths"].(m)
	for path, operations := range paths {
		post, is := operations.(m)["post"].(m)
		if !is {
			continue
		}
		if description, _ := post["description"].(string); strings.Contains(description, "An `Idempotency-Key` has no effect here.") {
			require.True(t, strings.HasPrefix(path, "/api/v1/auth/"), "%s takes a key", path)
			continue
		}
		c, known := cases[path]
		require.True(t, known, "%s: say here what a repeated request does", path)
		first := u.send("POST", c.path, admin.access, c.body, keyed("every"))
		require.Less(t, first.status, 300, "%s: %s", path, first.body)
		again := u.send("POST", c.path, admin.access, c.body, keyed("every"))
		require.Equal(t, first.status, again.status, path)
		require.Equal(t, string(first.body), string(again.body), path)
		require.Equal(t, "idempotency_key_reused", u.send("POST", c.otherPath, admin.access, c.otherBody, keyed("every")).code(t), path)
	}
}
