package auth_test

import (
	"context"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/auth"
	"marketplace/shared/auth/authtest"
	"marketplace/shared/fault"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var shopper = auth.Identity{UserID: "u1", SessionID: "s1", Roles: []string{"customer"}}

func requireCode(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, kind, fault.Of(err).Kind, err)
	require.Equal(t, code, fault.Of(err).Code, err)
}

// forge signs whatever a test wants with the issuer's real key.
func forge(t *testing.T, key ed25519.PrivateKey, edit func(header map[string]any, claims jwt.MapClaims)) string {
	t.Helper()
	claims := jwt.MapClaims{
		"iss": "marketplace", "aud": "marketplace-api", "sub": "u1", "sid": "s1", "roles": []string{"admin"},
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["typ"] = "at+jwt"
	token.Header["kid"] = auth.KeyID(key.Public().(ed25519.PublicKey))
	edit(token.Header, claims)
	signed, err := token.SignedString(key)
	require.NoError(t, err)
	return signed
}

func TestVerifier_AcceptsWhatUserServiceIssues(t *testing.T) {
	issuer := authtest.New(t)
	v := auth.NewVerifier(auth.VerifierOptions{JWKSURL: issuer.JWKSURL})
	for range 2 { // the second time from memory
		id, err := v.Verify(t.Context(), issuer.Token(t, shopper))
		require.NoError(t, err)
		require.Equal(t, shopper, id)
	}
	_, err := v.Verify(t.Context(), forge(t, issuer.Key, func(map[string]any, jwt.MapClaims) {}))
	require.NoError(t, err, "what forge makes is valid until edited")
}

func TestVerifier_P36_RefusesForgedTokens(t *testing.T) {
	issuer := authtest.New(t)
	public := issuer.Key.Public().(ed25519.PublicKey)
	v := auth.NewVerifier(auth.VerifierOptions{JWKSURL: issuer.JWKSURL})
	_, stranger, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	good := issuer.Token(t, shopper)
	parts := strings.Split(good, ".")
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	hs256 := func() string {
		input := encode(`{"alg":"HS256","typ":"at+jwt","kid":"`+auth.KeyID(public)+`"}`) + "." + parts[1]
		mac := hmac.New(sha256.New, public)
		mac.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	rs256 := func() string {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		require.NoError(t, err)
		token := jwt.NewWithClaims(jwt.SigningMethodRS256, jwt.MapClaims{"sub": "u1"})
		token.Header["typ"], token.Header["kid"] = "at+jwt", auth.KeyID(public)
		signed, err := token.SignedString(key)
		require.NoError(t, err)
		return signed
	}
	header := func(name string, value any) string {
		return forge(t, issuer.Key, func(h map[string]any, _ jwt.MapClaims) { h[name] = value })
	}
	claim := func(name string, value any) string {
		return forge(t, issuer.Key, func(_ map[string]any, c jwt.MapClaims) {
			if c[name] = value; value == nil {
				delete(c, name)
			}
		})
	}
	for name, token := range map[string]string{
		"empty":                 "",
		"garbage":               "a.b.c",
		"none":                  encode(`{"alg":"none","typ":"at+jwt"}`) + "." + parts[1] + ".",
		"None with the kid":     encode(`{"alg":"None","typ":"at+jwt","kid":"`+auth.KeyID(public)+`"}`) + "." + parts[1] + ".",
		"HS256 with public key": hs256(),
		"RS256":                 rs256(),
		"no signature":          parts[0] + "." + parts[1] + ".",
		"other payload":         parts[0] + "." + encode(`{"sub":"admin"}`) + "." + parts[2],
		"a stranger's key":      forge(t, stranger, func(map[string]any, jwt.MapClaims) {}),
		"a stranger's key under our id": forge(t, stranger, func(h map[string]any, _ jwt.MapClaims) {
			h["kid"] = auth.KeyID(public)
		}),
		"refresh used as access": header("typ", "rt+jwt"),
		"plain JWT type":         header("typ", "JWT"),
		"no key id":              header("kid", nil),
		"critical extension":     header("crit", []string{"exp"}),
		"wrong issuer":           claim("iss", "elsewhere"),
		"no issuer":              claim("iss", nil),
		"wrong audience":         claim("aud", "another-api"),
		"no audience":            claim("aud", nil),
		"no expiry":              claim("exp", nil),
		"no subject":             claim("sub", nil),
		"no time of issue":       claim("iat", nil),
		"not yet valid":          claim("nbf", time.Now().Add(time.Hour).Unix()),
		"huge":                   good + strings.Repeat("A", 5000),
	} {
		_, err := v.Verify(t.Context(), token)
		require.Error(t, err, name)
		requireCode(t, err, fault.Unauthenticated, "token_invalid")
	}
	_, err = v.Verify(t.Context(), claim("exp", time.Now().Add(-time.Second).Unix()))
	requireCode(t, err, fault.Unauthenticated, "token_expired")
}

func TestVerifier_NeverRemembersPastExpiry(t *testing.T) {
	issuer := authtest.New(t)
	clock := testkit.NewClock(time.Now())
	v := auth.NewVerifier(auth.VerifierOptions{JWKSURL: issuer.JWKSURL, Now: clock.Now})
	token, err := auth.Issue(issuer.Key, shopper, clock.Now(), time.Minute)
	require.NoError(t, err)
	_, err = v.Verify(t.Context(), token)
	require.NoError(t, err)
	clock.Advance(time.Minute)
	_, err = v.Verify(t.Context(), token)
	requireCode(t, err, fault.Unauthenticated, "token_expired")
}

func TestVerifier_ARevokedTokenIsRefusedThoughRemembered(t *testing.T) {
	issuer := authtest.New(t)
	var ended atomic.Bool
	v := auth.NewVerifier(auth.VerifierOptions{
		JWKSURL: issuer.JWKSURL,
		Revoked: func(id auth.Identity, _ time.Time) bool { return ended.Load() && id.SessionID == "s1" },
	})
	token := issuer.Token(t, shopper)
	_, err := v.Verify(t.Context(), token)
	require.NoError(t, err)
	ended.Store(true)
	_, err = v.Verify(t.Context(), token)
	requireCode(t, err, fault.Unauthenticated, "token_revoked")
}

// keyServer serves a set of keys that changes, counts reads and can be away.
type keyServer struct {
	*httptest.Server
	document atomic.Pointer[[]byte]
	reads    atomic.Int32
}

func newKeyServer(t *testing.T) *keyServer {
	s := &keyServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		s.reads.Add(1)
		if document := s.document.Load(); document != nil {
			_, _ = w.Write(*document)
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *keyServer) publish(t *testing.T, keys ...ed25519.PrivateKey) {
	t.Helper()
	var public []ed25519.PublicKey
	for _, key := range keys {
		public = append(public, key.Public().(ed25519.PublicKey))
	}
	document, err := auth.EncodeKeys(public...)
	require.NoError(t, err)
	s.document.Store(&document)
}

func issue(t *testing.T, key ed25519.PrivateKey) string {
	t.Helper()
	token, err := auth.Issue(key, shopper, time.Now(), time.Minute)
	require.NoError(t, err)
	return token
}

func TestVerifier_WithoutKeysIsUnavailableAndRecovers(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	server := newKeyServer(t)
	v := auth.NewVerifier(auth.VerifierOptions{JWKSURL: server.URL})
	_, err = v.Verify(t.Context(), issue(t, key))
	requireCode(t, err, fault.Unavailable, "keys_unavailable")

	server.publish(t, key)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- v.Run(ctx) }()
	testkit.Eventually(t, time.Minute, func() error {
		_, err := v.Verify(t.Context(), issue(t, key))
		return err
	})
	cancel()
	require.NoError(t, <-done)
}

func TestVerifier_ReadsANewKeyWhenATokenNeedsItAtABoundedRate(t *testing.T) {
	_, first, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	_, second, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	server := newKeyServer(t)
	server.publish(t, first)
	v := auth.NewVerifier(auth.VerifierOptions{JWKSURL: server.URL})
	old := issue(t, first)
	_, err = v.Verify(t.Context(), old)
	require.NoError(t, err)
	require.EqualValues(t, 1, server.reads.Load())

	start := time.Now()
	for range 500 { // a flood of unknown keys
		_, stranger, err := ed25519.GenerateKey(nil)
		require.NoError(t, err)
		_, err = v.Verify(t.Context(), issue(t, stranger))
		requireCode(t, err, fault.Unauthenticated, "token_invalid")
	}
	require.LessOrEqual(t, float64(server.reads.Load()), 2+time.Since(start).Seconds())

	server.publish(t, second) // rotated, and the old one withdrawn
	testkit.Eventually(t, time.Minute, func() error {
		_, err := v.Verify(t.Context(), issue(t, second))
		return err
	})
	_, err = v.Verify(t.Context(), old)
	requireCode(t, err, fault.Unauthenticated, "token_invalid")

	server.document.Store(nil) // away: what is known stays
	_, err = v.Verify(t.Context(), issue(t, second))
	require.NoError(t, err)
}

func BenchmarkVerifier_Remembered(b *testing.B) {
	issuer := authtest.New(b)
	v := auth.NewVerifier(auth.VerifierOptions{JWKSURL: issuer.JWKSURL})
	token := issuer.As(b, "u1")
	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}
