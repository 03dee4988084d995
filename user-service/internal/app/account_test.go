package app_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAccount_RegisterLoginAndLookAtMe(t *testing.T) {
	t.Parallel()
	u := start(t)
	r := u.send("POST", "/api/v1/auth/register", "", m{"email": " Shopper@Example.COM", "password": goodPassword, "name": " Ann "})
	require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
	require.Equal(t, "no-store", r.header.Get("Cache-Control"))
	user := r.json(t)["user"].(m)
	require.Equal(t, "shopper@example.com", user["email"])
	require.Equal(t, "Ann", user["name"])
	require.Equal(t, []any{"customer"}, user["roles"])
	require.Equal(t, "active", user["status"])
	require.NotContains(t, string(r.body), "argon2")

	again := u.login("SHOPPER@example.com", goodPassword)
	me := u.send("GET", "/api/v1/users/me", again.access, nil)
	require.Equal(t, http.StatusOK, me.status)
	require.Equal(t, user, me.json(t))
	require.Equal(t, `"1"`, me.header.Get("ETag"))
}

func TestRegister_AnAddressHasOneAccountHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	u := start(t)
	u.register("jos\u00e9@example.com")
	for _, spelling := range []string{"JOS\u00c9@EXAMPLE.com", "jose\u0301@example.com ", "JOSE\u0301@example.com"} {
		r := u.send("POST", "/api/v1/auth/register", "", m{"email": spelling, "password": goodPassword, "name": "Ann"})
		require.Equal(t, http.StatusConflict, r.status, "%q", spelling)
		require.Equal(t, "email_taken", r.code(t))
	}
	var wg sync.WaitGroup
	created := make(chan int, 20)
	for range 20 {
		wg.Go(func() {
			r, err := u.try("POST", "/api/v1/auth/register", "", m{"email": "race@example.com", "password": goodPassword, "name": "Ann"})
			if err == nil {
				created <- r.status
			}
		})
	}
	wg.Wait()
	close(created)
	statuses := map[int]int{}
	for status := range created {
		statuses[status]++
	}
	require.Equal(t, 1, statuses[http.StatusCreated], "%v", statuses)
	require.Positive(t, statuses[http.StatusConflict])
	// On a slow machine some are told that too many passwords wait.
	require.Equal(t, 19, statuses[http.StatusConflict]+statuses[http.StatusServiceUnavailable], "%v", statuses)
}

func TestRename_ChangesOnlyTheVersionThatWasRead(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	r := u.send("PATCH", "/api/v1/users/me", ann.access, m{"name": "Anna"}, header{"If-Match": `"1"`})
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	require.Equal(t, `"2"`, r.header.Get("ETag"))
	require.Equal(t, "Anna", r.json(t)["name"])

	stale := u.send("PATCH", "/api/v1/users/me", ann.access, m{"name": "Annie"}, header{"If-Match": `"1"`})
	require.Equal(t, http.StatusPreconditionFailed, stale.status)
	require.Equal(t, "version_mismatch", stale.code(t))
	require.Equal(t, "name_invalid", u.send("PATCH", "/api/v1/users/me", ann.access, m{"name": "a\u0000b"}).code(t))
	require.Equal(t, "Anna", u.send("GET", "/api/v1/users/me", ann.access, nil).json(t)["name"])
}

func TestPassword_ChangeNeedsTheOldOneAndEndsOtherSessions(t *testing.T) {
	t.Parallel()
	u := start(t)
	here := u.register("ann@example.com")
	elsewhere := u.login("ann@example.com", goodPassword)
	change := func(current, next string) reply {
		return u.send("POST", "/api/v1/users/me/password", here.access, m{"current_password": current, "new_password": next})
	}
	require.Equal(t, "password_wrong", change("not the password", "another password").code(t))
	require.Equal(t, http.StatusUnprocessableEntity, change(goodPassword, "short").status)
	require.Equal(t, http.StatusNoContent, change(goodPassword, "another password").status)

	require.Equal(t, "session_ended", u.refresh(elsewhere.refresh).code(t))
	u.refused(refusedWithin, elsewhere.access)
	require.Equal(t, http.StatusOK, u.refresh(here.refresh).status, "this session goes on")
	require.Equal(t, "invalid_credentials", u.tryLogin("ann@example.com", goodPassword).code(t))
	u.login("ann@example.com", "another password")
}

func TestSessions_AreListedAndEndedByTheirOwnerOnly(t *testing.T) {
	t.Parallel()
	u := start(t)
	phone := u.register("ann@example.com")
	laptop := u.login("ann@example.com", goodPassword)
	stranger := u.register("eve@example.com")

	first := u.send("GET", "/api/v1/users/me/sessions?limit=1", laptop.access, nil).json(t)
	require.Len(t, first["items"], 1)
	current := first["items"].([]any)[0].(m)
	require.Equal(t, true, current["current"])
	require.Equal(t, "127.0.0.1", current["address"])
	second := u.send("GET", fmt.Sprintf("/api/v1/users/me/sessions?limit=1&cursor=%s", first["next_cursor"]), laptop.access, nil).json(t)
	require.Len(t, second["items"], 1)
	require.NotContains(t, second, "next_cursor")
	other := second["items"].([]any)[0].(m)
	require.Equal(t, false, other["current"])

	path := "/api/v1/users/me/sessions/" + other["id"].(string)
	require.Equal(t, http.StatusNotFound, u.send("DELETE", path, stranger.access, nil).status)
	require.Equal(t, http.StatusNoContent, u.send("DELETE", path, laptop.access, nil).status)
	require.Equal(t, http.StatusNotFound, u.send("DELETE", path, laptop.access, nil).status)
	u.refused(refusedWithin, phone.access)
	require.Equal(t, "session_ended", u.refresh(phone.refresh).code(t))
	require.Equal(t, http.StatusOK, u.refresh(laptop.refresh).status)
}

func TestUsers_AdminFindsThem(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin := u.admin()
	for _, name := range []string{"ann", "bob", "carol", "dan", "100%_sure"} {
		u.register(name + "@example.com")
	}
	find := func(query string) (emails []string) {
		for cursor := ""; ; {
			page := u.send("GET", "/api/v1/users?limit=2&"+query+"&cursor="+cursor, admin.access, nil).json(t)
			for _, item := range page["items"].([]any) {
				emails = append(emails, strings.TrimSuffix(item.(m)["email"].(string), "@example.com"))
			}
			next, more := page["next_cursor"].(string)
			if !more {
				return emails
			}
			cursor = next
		}
	}
	require.Equal(t, []string{"100%_sure", "dan", "carol", "bob", "ann", adminEmail}, find(""))
	require.Equal(t, []string{"bob"}, find("query=BOB"))
	require.Equal(t, []string{"100%_sure"}, find("query=%25_"), "no wildcard passes")
	require.Equal(t, []string{"bob"}, find("query="+url.QueryEscape(" bob@Example.com\u200b")), "a search is a text")
	require.Equal(t, []string{adminEmail}, find("role=admin"))
	require.Empty(t, find("status=blocked"))
	for _, query := range []string{"role=king", "status=asleep", "limit=0", "limit=101", "cursor=x", "cursor=IngiCg"} {
		r := u.send("GET", "/api/v1/users?"+query, admin.access, nil)
		require.Equal(t, http.StatusUnprocessableEntity, r.status, query)
		r.code(t)
	}
}

func TestJWKS_IsPublicAndCacheable(t *testing.T) {
	t.Parallel()
	u := start(t)
	r := u.send("GET", "/.well-known/jwks.json", "", nil)
	require.Equal(t, http.StatusOK, r.status)
	require.Equal(t, "public, max-age=300", r.header.Get("Cache-Control"))
	require.Len(t, r.json(t)["keys"], 1)
}
