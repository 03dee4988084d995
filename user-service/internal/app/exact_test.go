package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestUsers_AHostInUnicodeFindsTheOneInASCII(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin := u.admin()
	ann := u.register("ann@bücher.example")
	u.register("bob@plain.example")
	for _, query := range []string{
		"ann@bücher.example", "Ann@BU\u0308CHER.example", "@bücher", "bücher.example", "ann@xn--bcher-kva.example", " n@bücher.exa",
	} {
		items := u.send("GET", "/api/v1/users?query="+url.QueryEscape(query), admin.access, nil).json(t)["items"].([]any)
		require.Len(t, items, 1, query)
		require.Equal(t, ann.id, items[0].(m)["id"], query)
	}
	for _, query := range []string{"a\u202eb", "a\nb", "\u0007", "\u200b"} {
		r := u.send("GET", "/api/v1/users?query="+url.QueryEscape(query), admin.access, nil)
		require.Equal(t, http.StatusUnprocessableEntity, r.status, "%q: %s", query, r.body)
	}
	// Of two accounts whose addresses became one, the younger keeps its old spelling: it is found as well.
	u.exec(`UPDATE users SET email = 'twin@bücher.example' WHERE email = 'bob@plain.example'`)
	require.Len(t, u.send("GET", "/api/v1/users?query="+url.QueryEscape("bücher.example"), admin.access, nil).json(t)["items"], 2)
}

// An account from before hosts were checked by IDNA is signed in to by the address that is stored, however its case is typed. New accounts
// cannot have such an address.
func TestLogin_AnOldAddressThatNobodyCouldRegisterNow(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	for _, email := range []string{"ann@xn--a.example", "ann@ab--cd.example", "ann@xn--a-zhc.example"} {
		u.exec(`UPDATE users SET email = $2 WHERE id = $1`, ann.id, email)
		u.login(email, goodPassword)
		u.login(" "+strings.ToUpper(email), goodPassword)
		require.Equal(t, http.StatusUnauthorized, u.tryLogin(email, "another password").status)
	}
	u.login("ann@אa.example", goodPassword)
	r := u.send("POST", "/api/v1/auth/register", "", m{"email": "bob@xn--a.example", "password": goodPassword, "name": "Bob"})
	require.Equal(t, http.StatusUnprocessableEntity, r.status, "%s", r.body)
	u.register("bob@ab--cd.example")
	long := m{"email": "eve@example.com", "password": goodPassword, "name": strings.Repeat("\u0958", 60)}
	require.Equal(t, http.StatusUnprocessableEntity, u.send("POST", "/api/v1/auth/register", "", long).status, "120 characters in the normal form")
}

// A twin of the migration is nobody's sign-in until its address is changed by the statement that README.md has.
func TestLogin_ATwinSignsInAfterItsAddressWasChanged(t *testing.T) {
	t.Parallel()
	u := start(t)
	u.register("ann@bücher.example")
	twin := u.register("twin@plain.example")
	u.exec(`UPDATE users SET email = 'ann@bücher.example' WHERE id = $1`, twin.id)
	require.NotEqual(t, twin.id, u.login("ann@bücher.example", goodPassword).id)
	u.exec(`UPDATE users SET email = 'ann@other.example', version = version + 1 WHERE id = $1`, twin.id)
	require.Equal(t, twin.id, u.login("ann@other.example", goodPassword).id)
}

func TestUsers_WhatChangesNothingLeavesTheVersion(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	before := u.send("GET", "/api/v1/users/me", ann.access, nil)
	for _, change := range []struct {
		by           person
		method, path string
		body         any
	}{
		{ann, "PATCH", "/api/v1/users/me", m{"name": "Ann"}},
		{ann, "PATCH", "/api/v1/users/me", m{"name": " Ann\u00a0"}},
		{admin, "PUT", "/api/v1/users/" + ann.id + "/roles", m{"roles": []string{"customer"}}},
		{admin, "POST", "/api/v1/users/" + ann.id + "/unblock", nil},
	} {
		r := u.send(change.method, change.path, change.by.access, change.body, header{"If-Match": `"1"`})
		require.Equal(t, http.StatusOK, r.status, "%s", r.body)
		require.JSONEq(t, string(before.body), string(r.body), change.path)
		require.Equal(t, `"1"`, r.header.Get("ETag"))
	}
	require.Equal(t, http.StatusOK, u.send("GET", "/api/v1/users/me", ann.access, nil).status, "nobody was signed out")
}

// What a POST replies and what is read later are the same to the last digit of a time.
func TestUsers_RepliesArePreciselyWhatIsReadLater(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin := u.admin()
	for i := range 10 { // a last digit of zero is not written: one time in ten would hide a difference
		var made struct {
			User  json.RawMessage `json:"user"`
			Token string          `json:"access_token"`
		}
		r := u.send("POST", "/api/v1/auth/register", "", m{"email": fmt.Sprintf("ann%d@example.com", i), "password": goodPassword, "name": "Ann"})
		require.Equal(t, http.StatusCreated, r.status, "%s", r.body)
		require.NoError(t, json.Unmarshal(r.body, &made))
		id := r.json(t)["user"].(m)["id"].(string)
		require.JSONEq(t, string(made.User), string(u.send("GET", "/api/v1/users/me", made.Token, nil).body))
		read := u.send("GET", "/api/v1/users/"+id, admin.access, nil)
		require.JSONEq(t, string(made.User), string(read.body))
		known := header{"If-None-Match": read.header.Get("ETag")}
		for _, method := range []string{"GET", "HEAD"} {
			require.Equal(t, http.StatusNotModified, u.send(method, "/api/v1/users/me", made.Token, nil, known).status)
			require.Equal(t, http.StatusNotModified, u.send(method, "/api/v1/users/"+id, admin.access, nil, known).status)
		}
		r = u.send("POST", "/api/v1/users/"+id+"/block", admin.access, nil)
		require.JSONEq(t, string(r.body), string(u.send("GET", "/api/v1/users/"+id, admin.access, nil).body))
	}
}
