package service

import (
	"fmt"

	"marketplace/shared/auth"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/token"
)

// Tokens is what a sign-in hands out.
type Tokens struct {
	Access  string
	Refresh string
}

// tokens signs an access token beside the refresh token of the same session.
func tokens(keys *token.Keys, in domain.SignedIn, sessionID, refresh string) (Tokens, error) {
	id := auth.Identity{UserID: in.User.ID, SessionID: sessionID, Roles: in.User.Roles}
	access, err := auth.Issue(keys.Signing(), id, in.User.TokenTime(in.At), domain.AccessLifetime)
	if err != nil {
		return Tokens{}, fmt.Errorf("sign an access token: %w", err)
	}
	return Tokens{Access: access, Refresh: refresh}, nil
}
