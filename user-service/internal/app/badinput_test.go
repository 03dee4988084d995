package app_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// echo is what must never come back.
const echo = "s3cret-that-must-not-come-back"

func TestBadInput_IsAProblemWithACodeAndEchoesNothing(t *testing.T) {
	t.Parallel()
	u := start(t)
	register := func(email, password, name string) string {
		return fmt.Sprintf(`{"email":%s,"password":%s,"name":%s}`, email, password, name)
	}
	quoted := `"` + echo + `"`
	for _, row := range []struct {
		name, body string
		status     int
		code       string
	}{
		{"empty", ``, 400, "malformed"},
		{"cut off", `{"email":"a@b.co","password":` + quoted, 400, "malformed"},
		{"not JSON", echo, 400, "malformed"},
		{"two values", register(`"a@b.co"`, quoted, `"A"`) + `{}`, 400, "malformed"},
		{"null", `null`, 422, "invalid"},
		{"a list", `[` + quoted + `]`, 422, "invalid"},
		{"a string", quoted, 422, "invalid"},
		{"nothing in it", `{}`, 422, "invalid"},
		{"null inside", register(`null`, quoted, `"A"`), 422, "invalid"},
		{"null password", register(`"a@b.co"`, `null`, `"A"`), 422, "invalid"},
		{"number as e-mail", register(`7`, quoted, `"A"`), 422, "invalid"},
		{"object as password", register(`"a@b.co"`, `{"x":`+quoted+`}`, `"A"`), 422, "invalid"},
		{"list as password", register(`"a@b.co"`, `[`+quoted+`]`, `"A"`), 422, "invalid"},
		{"case", `{"Email":"a@b.co","PASSWORD":` + quoted + `,"name":"A"}`, 422, "invalid"},
		{"unknown field", `{"email":"a@b.co","password":` + quoted + `,"name":"A","x":` + quoted + `}`, 422, "invalid"},
		{"short password", register(`"a@b.co"`, `"s3cret"`, `"A"`), 422, "invalid"},
		{"long password", register(`"a@b.co"`, `"`+strings.Repeat(echo, 10)+`"`, `"A"`), 422, "invalid"},
		{"short when composed", register(`"a@b.co"`, `"e\u0301e\u0301e\u0301e\u0301"`, `"A"`), 422, "password_length"},
		{"no e-mail address", register(quoted, quoted, `"A"`), 422, "email_invalid"},
		{"address with a name", register(`"A <a@b.co>"`, quoted, `"A"`), 422, "email_invalid"},
		{"header injection", register(`"a@b.co\r\nBcc: x@y.zz"`, quoted, `"A"`), 422, "email_invalid"},
		{"NUL in the address", register(`"a\u0000@b.co"`, quoted, `"A"`), 422, "email_invalid"},
		{"blank name", register(`"a@b.co"`, quoted, `"   "`), 422, "name_invalid"},
		{"NUL in the name", register(`"a@b.co"`, quoted, `"A\u0000"`), 422, "name_invalid"},
		{"too large", `{"email":"` + strings.Repeat("x", 2<<20) + `"}`, 413, "body_too_large"},
		{"too deep", strings.Repeat(`[`, 4_000), 400, "malformed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := u.send("POST", "/api/v1/auth/register", "", row.body)
			require.Equal(t, row.status, r.status, "%s", r.body)
			require.Equal(t, row.code, r.code(t))
			require.NotContains(t, string(r.body), "s3cret")
		})
	}
	require.Equal(t, 1, u.count(`SELECT count(*) FROM users`), "the admin alone")
}

func TestBadInput_OfOtherRoutes(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	for _, row := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"POST", "/api/v1/auth/login", `{"email":"a@b.co","password":["` + echo + `"]}`, 422, "invalid"},
		{"POST", "/api/v1/auth/login", `{"email":"a@b.co","password":"` + strings.Repeat(echo, 100) + `"}`, 422, "invalid"},
		{"POST", "/api/v1/auth/login", `{"email":"` + echo + `\u0000","password":"` + echo + `"}`, 401, "invalid_credentials"},
		{"POST", "/api/v1/auth/refresh", `{"refresh_token":null}`, 422, "invalid"},
		{"POST", "/api/v1/auth/refresh", `{"refresh_token":"` + echo + `"}`, 401, "session_ended"},
		{"PUT", "/api/v1/users/" + ann.id + "/roles", `{"roles":null}`, 422, "invalid"},
		{"PUT", "/api/v1/users/" + ann.id + "/roles", `{"roles":"admin"}`, 422, "invalid"},
		{"PUT", "/api/v1/users/" + ann.id + "/roles", `{"roles":["` + echo + `"]}`, 422, "invalid"},
		{"PUT", "/api/v1/users/" + ann.id + "/roles", `{}`, 422, "invalid"},
		{"GET", "/api/v1/users?query=%00", ``, 422, "invalid_text"},
		{"GET", "/api/v1/users?limit=many", ``, 422, "invalid"},
		{"GET", "/api/v1/" + echo, ``, 404, "route_not_found"},
		{"PUT", "/api/v1/auth/login", `{}`, 405, "method_not_allowed"},
	} {
		var body any
		if row.body != "" {
			body = row.body
		}
		r := u.send(row.method, row.path, admin.access, body)
		require.Equal(t, row.status, r.status, "%s %s %s", row.method, row.path, r.body)
		require.Equal(t, row.code, r.code(t))
		require.NotContains(t, string(r.body), echo)
	}
	r := u.send("POST", "/api/v1/auth/login", "", `email=a@b.co&password=`+echo, header{"Content-Type": "application/x-www-form-urlencoded"})
	require.Equal(t, http.StatusUnsupportedMediaType, r.status)
	require.Equal(t, "unsupported_media_type", r.code(t))
	odd := u.tryLogin("ann@example.com", goodPassword, header{"User-Agent": strings.Repeat("\xd1\x8f", 99) + "xxx\xd1\x8f\x80"})
	require.Equal(t, http.StatusOK, odd.status, "%s", odd.body)
}

func TestPassword_CommonOnesOneCharacterAndBlanksAreRefused(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	for _, common := range []string{"password1", "Qwertyuiop", "11111111", "          "} {
		r := u.send("POST", "/api/v1/auth/register", "", m{"email": "bob@example.com", "password": common, "name": "Bob"})
		require.Equal(t, http.StatusUnprocessableEntity, r.status, "%q", common)
		require.Equal(t, "password_common", r.code(t), "%q", common)
		r = u.send("POST", "/api/v1/users/me/password", ann.access, m{"current_password": goodPassword, "new_password": common})
		require.Equal(t, "password_common", r.code(t), "%q", common)
	}
}
