package token

import (
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// What every verifier of the marketplace insists on (shared/auth).
const (
	issuer   = "marketplace"
	audience = "marketplace-api"
	typ      = "at+jwt" // RFC 9068: nothing else that we may ever sign passes as an access token
)

// Access says for whom an access token speaks.
type Access struct {
	ID        string
	UserID    string
	SessionID string
	Roles     []string
	IssuedAt  time.Time
	Lifetime  time.Duration
}

type claims struct {
	jwt.RegisteredClaims
	SessionID string   `json:"sid"`
	Roles     []string `json:"roles"`
}

// Access signs an access token with the current key.
func (k *Keys) Access(a Access) (string, error) {
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer:    issuer,
			Audience:  jwt.ClaimStrings{audience},
			Subject:   a.UserID,
			ID:        a.ID,
			IssuedAt:  jwt.NewNumericDate(a.IssuedAt),
			ExpiresAt: jwt.NewNumericDate(a.IssuedAt.Add(a.Lifetime)),
		},
		SessionID: a.SessionID,
		Roles:     a.Roles,
	})
	t.Header["typ"] = typ
	t.Header["kid"] = k.current.id
	signed, err := t.SignedString(k.current.signing)
	if err != nil {
		return "", fmt.Errorf("sign an access token: %w", err)
	}
	return signed, nil
}
