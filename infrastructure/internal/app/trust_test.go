package app_test

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/internal/config"
	"marketplace/shared/auth"
	"marketplace/shared/auth/authtest"
	"marketplace/shared/testkit"
)

var forgedHeaders = []string{
	"X-User-ID", "somebody", "X-User-Roles", "admin", "X-Forwarded-For", "8.8.8.8", "X-Forwarded-Host", "evil.example",
	"X-Forwarded-Proto", "https", "X-Forwarded-User", "admin", "X-Real-IP", "8.8.8.8", "Forwarded", "for=8.8.8.8",
	"X-Original-URL", "/admin",
}

func TestGateway_P34_ForgedHeadersAreDropped(t *testing.T) {
	t.Parallel()
	g := start(t, echo, nil)
	answer := g.get(t, "/api/v1/users/me", forgedHeaders...)
	got := answer.echoed(t).Header
	for _, name := range []string{"X-User-ID", "X-User-Roles", "X-Forwarded-User", "X-Real-IP", "Forwarded", "X-Original-URL"} {
		require.Empty(t, got.Get(name), name)
	}
	require.Equal(t, "127.0.0.1", got.Get("X-Forwarded-For"))
	require.Equal(t, g.addr, got.Get("X-Forwarded-Host"))
	require.Equal(t, "http", got.Get("X-Forwarded-Proto"))
	require.Equal(t, answer.header.Values("X-Request-ID"), got.Values("X-Request-ID"), "one id on both sides")
	require.Equal(t, "mine", g.get(t, "/api/v1/users", "X-Request-ID", "mine").echoed(t).Header.Get("X-Request-ID"))
}

func TestGateway_P34_ATrustedProxySpeaksForTheClient(t *testing.T) {
	t.Parallel()
	g := start(t, echo, func(c *config.Config) { c.TrustedProxies = "10.0.0.1, 127.0.0.0/8" })
	got := g.get(t, "/api/v1/users/me", "X-Forwarded-For", "6.6.6.6, 8.8.8.8, 127.0.0.9", "X-Forwarded-Proto", "https",
		"X-Forwarded-Host", "shop.example", "X-User-ID", "somebody").echoed(t).Header
	require.Equal(t, "8.8.8.8", got.Get("X-Forwarded-For"), "the last address that a proxy of ours has seen")
	require.Equal(t, "https", got.Get("X-Forwarded-Proto"))
	require.Equal(t, "shop.example", got.Get("X-Forwarded-Host"))
	require.Empty(t, got.Get("X-User-ID"))
}

func TestGateway_P34_TheLimiterUsesThePeer(t *testing.T) {
	t.Parallel()
	g := start(t, echo, func(c *config.Config) { c.RateLimit, c.RateBurst = 0.01, 3 })
	for range 3 {
		require.Equal(t, http.StatusOK, g.get(t, "/api/v1/products").status)
	}
	refused := g.get(t, "/api/v1/products", "X-Forwarded-For", "9.9.9.9")
	requireProblem(t, refused, http.StatusTooManyRequests, "rate_limited")
	require.NotEmpty(t, refused.header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, g.get(t, "/health/ready").status, "probes are not limited")
}

func TestGateway_P34_TheLimiterCountsAHouseholdOnce(t *testing.T) {
	t.Parallel()
	g := start(t, echo, func(c *config.Config) { c.RateLimit, c.RateBurst, c.TrustedProxies = 0.01, 1, "127.0.0.1" })
	for _, of := range [][]string{{"2001:db8:1:2::a", "2001:db8:1:2:ffff::1"}, {"192.0.2.1", "::ffff:192.0.2.1"}, {"2001:db8:1:3::a", "2001:db8:1:3::b"}} {
		require.Equal(t, http.StatusOK, g.get(t, "/api/v1/products", "X-Forwarded-For", of[0]).status, of[0])
		require.Equal(t, http.StatusTooManyRequests, g.get(t, "/api/v1/products", "X-Forwarded-For", of[1]).status, of[1])
	}
}

// A forged token is refused where one is needed, and counts as none where none is needed.
func TestGateway_P36_AForgedTokenGoesNoFurther(t *testing.T) {
	t.Parallel()
	g := start(t, echo, nil)
	g.knowsWhatIsSecured(t)
	me := auth.Identity{UserID: "0190", SessionID: "1", Roles: []string{auth.RoleAdmin}}
	genuine := g.issuer.Token(t, me)
	parts := strings.Split(genuine, ".")

	key := g.issuer.Key
	publicKey := key.Public().(ed25519.PublicKey)
	kid := auth.KeyID(publicKey)
	for name, token := range map[string]string{
		"another key":        authtest.New(t).Token(t, me),
		"changed claims":     parts[0] + "." + strings.ToUpper(parts[1]) + "." + parts[2],
		"no signature":       parts[0] + "." + parts[1] + ".",
		"alg none":           signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid, auth.Type, nil),
		"alg swapped":        signed(t, jwt.SigningMethodHS256, []byte(publicKey), kid, auth.Type, nil),
		"unknown key id":     signed(t, jwt.SigningMethodEdDSA, key, "other", auth.Type, nil),
		"wrong issuer":       signed(t, jwt.SigningMethodEdDSA, key, kid, auth.Type, jwt.MapClaims{"iss": "evil"}),
		"wrong audience":     signed(t, jwt.SigningMethodEdDSA, key, kid, auth.Type, jwt.MapClaims{"aud": "evil"}),
		"without expiry":     signed(t, jwt.SigningMethodEdDSA, key, kid, auth.Type, jwt.MapClaims{"exp": nil}),
		"of another purpose": signed(t, jwt.SigningMethodEdDSA, key, kid, "refresh+jwt", nil),
		"rubbish":            "x",
		"nothing":            "",
		"far too long":       strings.Repeat("a", 8000),
	} {
		refused := g.get(t, secured, "Authorization", "Bearer "+token)
		if token == "" {
			requireProblem(t, refused, http.StatusUnauthorized, "not_signed_in")
			continue
		}
		requireProblem(t, refused, http.StatusUnauthorized, "token_invalid")
		require.Empty(t, g.get(t, public, "Authorization", "Bearer "+token).echoed(t).Header.Get("Authorization"), name)
	}
	for _, path := range []string{secured, public} {
		untouched := "Bearer " + signed(t, jwt.SigningMethodEdDSA, key, kid, auth.Type, nil)
		require.Equal(t, untouched, g.get(t, path, "Authorization", untouched).echoed(t).Header.Get("Authorization"),
			"the forgeries fail for what was changed in them")
	}
	expired, err := auth.Issue(g.issuer.Key, me, time.Now().Add(-time.Hour), time.Minute)
	require.NoError(t, err)
	requireProblem(t, g.get(t, secured, "Authorization", "Bearer "+expired), http.StatusUnauthorized, "token_expired")
	require.Empty(t, g.get(t, public, "Authorization", "Bearer "+expired).echoed(t).Header.Get("Authorization"))
}

// An operation that needs a token and one that does not, as the services' descriptions say.
const secured, public = "/api/v1/products/1/mine", "/api/v1/products"

// knowsWhatIsSecured waits until the gateway has read the services' descriptions.
func (g *gateway) knowsWhatIsSecured(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, within, func() bool { return g.get(t, secured).status == http.StatusUnauthorized })
}

// signed is a token like ours but for the changes; a nil claim is left out.
func signed(t *testing.T, method jwt.SigningMethod, key any, kid, typ string, changes jwt.MapClaims) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": auth.Issuer, "aud": auth.Audience, "sub": "0190", "sid": "1", "roles": []string{auth.RoleAdmin},
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	for name, value := range changes {
		claims[name] = value
		if value == nil {
			delete(claims, name)
		}
	}
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"], token.Header["typ"] = kid, typ
	text, err := token.SignedString(key)
	require.NoError(t, err)
	return text
}
