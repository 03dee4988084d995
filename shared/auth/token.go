package auth

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
)

// What every access token says about itself.
const (
	Issuer   = "marketplace"
	Audience = "marketplace-api"
	Type     = "at+jwt"
)

type claims struct {
	jwt.RegisteredClaims
	SessionID string   `json:"sid"`
	Roles     []string `json:"roles"`
}

// Issue signs an access token for the identity.
func Issue(key ed25519.PrivateKey, id Identity, issuedAt time.Time, lifetime time.Duration) (string, error) {
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		return "", fmt.Errorf("auth: not an Ed25519 key")
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    Issuer,
			Audience:  jwt.ClaimStrings{Audience},
			Subject:   id.UserID,
			ID:        uuid.NewString(),
			IssuedAt:  jwt.NewNumericDate(issuedAt),
			ExpiresAt: jwt.NewNumericDate(issuedAt.Add(lifetime)),
		},
		SessionID: id.SessionID,
		Roles:     id.Roles,
	})
	token.Header["typ"] = Type
	token.Header["kid"] = KeyID(public)
	return token.SignedString(key)
}

// jwk is an Ed25519 public key as RFC 8037 writes it.
type jwk struct {
	Kty string `json:"kty"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Kid string `json:"kid"`
	Use string `json:"use,omitempty"`
	Alg string `json:"alg,omitempty"`
}

type jwks struct {
	Keys []jwk `json:"keys"`
}

// KeyID is the key's thumbprint (RFC 7638): the same for everyone who knows the key.
func KeyID(key ed25519.PublicKey) string {
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + base64.RawURLEncoding.EncodeToString(key) + `"}`))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// EncodeKeys is the JWKS document (RFC 7517) that publishes the keys.
func EncodeKeys(keys ...ed25519.PublicKey) ([]byte, error) {
	set := jwks{Keys: []jwk{}}
	for _, key := range keys {
		set.Keys = append(set.Keys, jwk{
			Kty: "OKP", Crv: "Ed25519", X: base64.RawURLEncoding.EncodeToString(key),
			Kid: KeyID(key), Use: "sig", Alg: "EdDSA",
		})
	}
	return json.Marshal(set)
}

// decodeKeys reads the Ed25519 keys of a JWKS document and leaves out all others.
func decodeKeys(document []byte) (map[string]ed25519.PublicKey, error) {
	var set jwks
	if err := json.Unmarshal(document, &set); err != nil {
		return nil, fmt.Errorf("not a JWKS document: %w", err)
	}
	keys := make(map[string]ed25519.PublicKey, len(set.Keys))
	for _, k := range set.Keys {
		x, err := base64.RawURLEncoding.DecodeString(k.X)
		if k.Kty != "OKP" || k.Crv != "Ed25519" || k.Kid == "" || err != nil || len(x) != ed25519.PublicKeySize {
			continue
		}
		keys[k.Kid] = ed25519.PublicKey(x)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("a JWKS document without an Ed25519 key")
	}
	return keys, nil
}
