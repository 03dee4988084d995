package app_test

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
	"marketplace/user-service/internal/handler"
	"marketplace/user-service/internal/token"
)

// Every route with what an anonymous person, a customer, the customer it is about
// and an admin get. A route that is not here fails the test.
var policyTable = []struct {
	method, path                      string
	body                              any
	anonymous, stranger, owner, admin int
}{
	{"POST", "/api/v1/auth/register", m{"email": "x", "password": goodPassword, "name": "X"}, 422, 422, 422, 422},
	{"POST", "/api/v1/auth/login", m{"email": "x", "password": "x"}, 401, 401, 401, 401},
	{"POST", "/api/v1/auth/refresh", m{"refresh_token": "x"}, 401, 401, 401, 401},
	{"GET", "/.well-known/jwks.json", nil, 200, 200, 200, 200},
	{"GET", "/api/v1/users/me", nil, 401, 200, 200, 200},
	{"PATCH", "/api/v1/users/me", m{"name": "Y"}, 401, 200, 200, 200},
	{"POST", "/api/v1/users/me/password", m{"current_password": "x", "new_password": goodPassword}, 401, 422, 422, 422},
	{"GET", "/api/v1/users/me/sessions", nil, 401, 200, 200, 200},
	{"DELETE", "/api/v1/users/me/sessions/{session}", nil, 401, 404, 204, 404},
	{"GET", "/api/v1/users", nil, 401, 403, 403, 200},
	{"GET", "/api/v1/users/{id}", nil, 401, 403, 403, 200},
	{"GET", "/api/v1/users/{id}/audit", nil, 401, 403, 403, 200},
	{"PUT", "/api/v1/users/{id}/roles", m{"roles": []string{"customer"}}, 401, 403, 403, 200},
	{"POST", "/api/v1/users/{id}/block", nil, 401, 403, 403, 200},
	{"POST", "/api/v1/users/{id}/unblock", nil, 401, 403, 403, 200},
	{"POST", "/api/v1/auth/logout", nil, 401, 204, 204, 204},
}

func TestPolicies_P32_EveryRouteAsEverybody(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, stranger, owner := u.admin(), u.register("eve@example.com"), u.register("ann@example.com")
	spare := u.login("ann@example.com", goodPassword)
	session := claimsOf(t, spare.access)["sid"].(string)
	for _, row := range policyTable {
		path := strings.NewReplacer("{id}", owner.id, "{session}", session).Replace(row.path)
		for _, as := range []struct {
			name, token string
			want        int
		}{
			{"anonymous", "", row.anonymous},
			{"stranger", stranger.access, row.stranger},
			{"owner", owner.access, row.owner},
			{"admin", admin.access, row.admin},
		} {
			r := u.send(row.method, path, as.token, row.body)
			require.Equal(t, as.want, r.status, "%s %s as %s: %s", row.method, row.path, as.name, r.body)
		}
		if row.path == "/api/v1/users/{id}/roles" || row.path == "/api/v1/users/{id}/block" {
			owner = u.restore(admin, owner.id)
		}
	}
}

// restore makes a user whom the admin has blocked or changed usable again.
func (u *users) restore(admin person, id string) person {
	require.Equal(u.t, http.StatusOK, u.send("POST", "/api/v1/users/"+id+"/unblock", admin.access, nil).status)
	return u.login("ann@example.com", goodPassword)
}

func TestPolicies_P32_TheTableIsComplete(t *testing.T) {
	server := web.New(web.Options{Service: "user-service", Title: "x", Telemetry: telemetry.Nop()})
	(&handler.Handler{}).Register(server)
	known := map[string]bool{}
	for _, row := range policyTable {
		known[row.method+" "+strings.Replace(row.path, "{session}", "{id}", 1)] = true
	}
	for _, route := range server.Routes() {
		require.True(t, route.Policy.Valid())
		require.True(t, known[route.Method+" "+route.Path], "%s %s is not in the table", route.Method, route.Path)
	}
	require.Len(t, server.Routes(), len(policyTable))
}

func TestUnknownIDs_P32_AreAbsentHoweverTheyAreWritten(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin := u.admin()
	for _, id := range []string{uuid.NewString(), "1", "null", "..%2F..", "%00", "'%20OR%201=1"} {
		for _, call := range []struct{ method, path string }{
			{"GET", "/api/v1/users/" + id},
			{"GET", "/api/v1/users/" + id + "/audit"},
			{"POST", "/api/v1/users/" + id + "/block"},
			{"POST", "/api/v1/users/" + id + "/unblock"},
			{"DELETE", "/api/v1/users/me/sessions/" + id},
		} {
			r := u.send(call.method, call.path, admin.access, nil)
			require.Equal(t, http.StatusNotFound, r.status, "%s %s: %s", call.method, call.path, r.body)
		}
	}
}

func TestRegister_P33_NobodyGivesThemselvesMore(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	extra := m{
		"role": "admin", "roles": []string{"admin"}, "status": "active", "id": uuid.NewString(), "version": 7, "user_id": ann.id, "Email": "x@y.zz",
	}
	for field, value := range extra {
		body := m{"email": "eve@example.com", "password": goodPassword, "name": "Eve", field: value}
		r := u.send("POST", "/api/v1/auth/register", "", body)
		require.Equal(t, http.StatusUnprocessableEntity, r.status, field)
		require.Equal(t, "invalid", r.code(t))
		patch := u.send("PATCH", "/api/v1/users/me", ann.access, m{"name": "Eve", field: value})
		require.Equal(t, http.StatusUnprocessableEntity, patch.status, field)
	}
	require.Equal(t, 2, u.count(`SELECT count(*) FROM users`), "ann and the admin")
	require.Equal(t, 1, u.count(`SELECT count(*) FROM users WHERE 'admin' = ANY (roles)`))
}

func TestIdentity_P34_ComesFromTheTokenAlone(t *testing.T) {
	t.Parallel()
	u := start(t)
	admin, ann := u.admin(), u.register("ann@example.com")
	forged := header{"X-User-Id": admin.id, "X-User-ID": admin.id, "X-User-Roles": "admin"}
	require.Equal(t, http.StatusUnauthorized, u.send("GET", "/api/v1/users/me", "", nil, forged).status)
	require.Equal(t, ann.id, u.send("GET", "/api/v1/users/me", ann.access, nil, forged).json(t)["id"])
	require.Equal(t, http.StatusForbidden, u.send("GET", "/api/v1/users", ann.access, nil, forged).status)
}

func TestTokens_P36_NothingForgedCounts(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	keys, err := token.NewKeys(u.cfg.JWTSecret.Reveal(), "")
	require.NoError(t, err)
	_, foreign, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	public := keys.Signing().Public().(ed25519.PublicKey)
	spki, err := x509.MarshalPKIXPublicKey(public)
	require.NoError(t, err)
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: spki})
	kid := auth.KeyID(public)

	good := func() (m, jwt.MapClaims) {
		return m{"typ": "at+jwt", "kid": kid}, jwt.MapClaims{
			"iss": "marketplace", "aud": "marketplace-api", "sub": ann.id, "sid": uuid.NewString(), "roles": []string{"admin"},
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(), "jti": uuid.NewString(),
		}
	}
	sign := func(method jwt.SigningMethod, key any, change func(head m, claims jwt.MapClaims)) string {
		head, claims := good()
		change(head, claims)
		made := jwt.NewWithClaims(method, claims)
		for name, value := range head {
			made.Header[name] = value
		}
		signed, err := made.SignedString(key)
		require.NoError(t, err)
		return signed
	}
	nothing := func(m, jwt.MapClaims) {}
	claim := func(name string, value any) func(m, jwt.MapClaims) {
		return func(_ m, c jwt.MapClaims) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		}
	}
	genuine := sign(jwt.SigningMethodEdDSA, keys.Signing(), nothing)
	require.Equal(t, http.StatusOK, u.send("GET", "/api/v1/users/me", genuine, nil).status, "the forgery works but for what each row changes")

	parts := strings.Split(ann.access, ".")
	for name, forged := range map[string]string{
		"none":             sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, nothing),
		"HMAC with public": sign(jwt.SigningMethodHS256, []byte(public), nothing),
		"HMAC with PEM":    sign(jwt.SigningMethodHS256, publicPEM, nothing),
		"HMAC with secret": sign(jwt.SigningMethodHS256, []byte(u.cfg.JWTSecret.Reveal()), nothing),
		"another key":      sign(jwt.SigningMethodEdDSA, foreign, nothing),
		"another key's id": sign(jwt.SigningMethodEdDSA, foreign, func(h m, _ jwt.MapClaims) { h["kid"] = auth.KeyID(foreign.Public().(ed25519.PublicKey)) }),
		"key in header": sign(jwt.SigningMethodEdDSA, foreign, func(h m, _ jwt.MapClaims) {
			h["jwk"] = m{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(foreign.Public().(ed25519.PublicKey))}
		}),
		"no key id":      sign(jwt.SigningMethodEdDSA, keys.Signing(), func(h m, _ jwt.MapClaims) { delete(h, "kid") }),
		"type":           sign(jwt.SigningMethodEdDSA, keys.Signing(), func(h m, _ jwt.MapClaims) { h["typ"] = "JWT" }),
		"critical":       sign(jwt.SigningMethodEdDSA, keys.Signing(), func(h m, _ jwt.MapClaims) { h["crit"] = []string{"x"} }),
		"issuer":         sign(jwt.SigningMethodEdDSA, keys.Signing(), claim("iss", "somebody")),
		"audience":       sign(jwt.SigningMethodEdDSA, keys.Signing(), claim("aud", "another-api")),
		"no audience":    sign(jwt.SigningMethodEdDSA, keys.Signing(), claim("aud", nil)),
		"no expiry":      sign(jwt.SigningMethodEdDSA, keys.Signing(), claim("exp", nil)),
		"expired":        sign(jwt.SigningMethodEdDSA, keys.Signing(), claim("exp", time.Now().Add(-time.Second).Unix())),
		"no subject":     sign(jwt.SigningMethodEdDSA, keys.Signing(), claim("sub", nil)),
		"refresh token":  ann.refresh,
		"changed claims": parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"x"}`)) + "." + parts[2],
		"no signature":   parts[0] + "." + parts[1] + ".",
		"huge":           ann.access + strings.Repeat("A", 20_000),
		"garbage":        "x.y.z",
	} {
		r := u.send("GET", "/api/v1/users/me", forged, nil)
		require.Equal(t, http.StatusUnauthorized, r.status, "%s: %s", name, r.body)
		require.Equal(t, "Bearer", r.header.Get("WWW-Authenticate"))
		r.code(t)
	}
	require.Equal(t, "session_ended", u.refresh(ann.access).code(t), "nor is an access token a refresh token")
}

// Same answer and same work, whether there is an account or not.
func TestLogin_P39_DoesNotTellWhoHasAnAccount(t *testing.T) {
	t.Parallel()
	u := start(t)
	u.register("ann@example.com")
	answer := func(email string) (string, int) {
		before := u.metric("password_hashes_total")
		r := u.tryLogin(email, "wrong password")
		require.Equal(t, http.StatusUnauthorized, r.status)
		problem := r.json(t)
		require.NotEmpty(t, problem["trace_id"])
		delete(problem, "trace_id")
		encoded, err := json.Marshal(problem)
		require.NoError(t, err)
		return string(encoded), u.metric("password_hashes_total") - before
	}
	known, work := answer("ann@example.com")
	require.Equal(t, 1, work)
	for _, email := range []string{"nobody@example.com", "not an address", ""} {
		unknown, sameWork := answer(email)
		require.Equal(t, known, unknown, email)
		require.Equal(t, work, sameWork, "a password was hashed for %q too", email)
	}
}

func (u *users) metric(name string) int {
	u.t.Helper()
	for line := range strings.Lines(string(u.send("GET", "/metrics", "", nil).body)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			var n int
			_, err := fmt.Sscan(value, &n)
			require.NoError(u.t, err)
			return n
		}
	}
	u.t.Fatalf("no metric %s", name)
	return 0
}

func claimsOf(t testing.TB, access string) m {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(access, ".")[1])
	require.NoError(t, err)
	var claims m
	require.NoError(t, json.Unmarshal(raw, &claims))
	return claims
}

func TestAccessToken_SaysWhatTheOthersRead(t *testing.T) {
	t.Parallel()
	u := start(t)
	ann := u.register("ann@example.com")
	claims := claimsOf(t, ann.access)
	require.Equal(t, ann.id, claims["sub"])
	require.Equal(t, []any{"customer"}, claims["roles"])
	require.InDelta(t, 900, claims["exp"].(float64)-claims["iat"].(float64), 0)
	require.InDelta(t, time.Now().Unix(), claims["iat"].(float64), 2)

	verifier := auth.NewVerifier(auth.VerifierOptions{JWKSURL: u.url + "/.well-known/jwks.json"})
	id, err := verifier.Verify(context.Background(), ann.access)
	require.NoError(t, err)
	require.Equal(t, auth.Identity{UserID: ann.id, SessionID: claims["sid"].(string), Roles: []string{"customer"}}, id)
	http.DefaultClient.CloseIdleConnections()
}
