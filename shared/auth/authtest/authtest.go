// Package authtest stands in for user-service in tests of other services: a real signing key, a JWKS address over
// HTTP, and tokens for whoever a test wants to be.
package authtest

import (
	"crypto/ed25519"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
)

// Issuer issues tokens that a verifier with its JWKSURL accepts.
type Issuer struct {
	JWKSURL string
	Key     ed25519.PrivateKey
}

// New starts an issuer that lives as long as the test.
func New(t testing.TB) *Issuer {
	t.Helper()
	public, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	document, err := auth.EncodeKeys(public)
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(document)
	}))
	t.Cleanup(server.Close)
	return &Issuer{JWKSURL: server.URL, Key: key}
}

// Token is an access token for the identity, good for a quarter of an hour.
func (i *Issuer) Token(t testing.TB, id auth.Identity) string {
	t.Helper()
	token, err := auth.Issue(i.Key, id, time.Now(), 15*time.Minute)
	require.NoError(t, err)
	return token
}

// As is a token for a user with the roles; customer comes by itself.
func (i *Issuer) As(t testing.TB, userID string, roles ...string) string {
	t.Helper()
	return i.Token(t, auth.Identity{
		UserID: userID, SessionID: uuid.NewString(), Roles: append([]string{auth.RoleCustomer}, roles...),
	})
}
