package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/token"
)

// Refresh takes a refresh token and gives the next one, with an access token that
// carries the roles of this moment. ErrSessionEnded, if it is of no use; when it
// had been used up before, its whole family ends with it.
func (a *Auth) Refresh(ctx context.Context, presented, network string) (Tokens, error) {
	claim, err := token.ReadRefresh(presented)
	if err != nil {
		return Tokens{}, domain.ErrSessionEnded
	}
	var next string
	var outcome domain.Outcome
	family, err := a.Sessions.Refresh(ctx, claim.SessionID, network, func(f domain.Family) (_ domain.Family, err error) {
		if !a.genuine(claim, f) {
			return f, domain.ErrSessionEnded
		}
		if f.Session, outcome, err = f.Session.Refresh(claim.Generation, f.Now); err != nil {
			return f, err
		}
		next, err = a.successor(&f, outcome)
		return f, err
	})
	if err != nil {
		return Tokens{}, err
	}
	if outcome == domain.Reused {
		a.Log.Warn().Ctx(ctx).Str("user_id", family.UserID).Str("session_id", family.Session.ID).
			Msg("an old refresh token was presented: it was stolen, and the session is revoked")
		announce(ctx, a.Announcer, a.Log, []domain.Revocation{{ID: family.Session.ID, At: *family.RevokedAt}}, nil)
		return Tokens{}, domain.ErrSessionEnded
	}
	return tokens(a.Keys, domain.SignedIn{User: family.User, At: family.Now}, family.Session.ID, next)
}

// genuine says whether the family made the token. The current one is known by its hash, whatever secret it was made under, so that
// a session may be idle while the secret is changed. One that claims to be current and has another hash is forged, or the database
// was set back to before it.
func (a *Auth) genuine(claim token.Presented, f domain.Family) bool {
	if claim.Generation == f.Generation {
		return bytes.Equal(claim.Hash[:], f.RefreshHash)
	}
	return a.Keys.Genuine(claim, f.TokenKey)
}

// successor makes the family's current token: a new one, or the same again for a
// parallel request.
func (a *Auth) successor(f *domain.Family, outcome domain.Outcome) (string, error) {
	current := token.Refresh{SessionID: f.Session.ID, Generation: f.Generation}
	switch outcome {
	case domain.Rotated:
		if f.TokenKey == nil {
			f.TokenKey = token.NewSessionKey()
		}
		next, err := a.Keys.Issue(current, f.TokenKey)
		hash := token.HashRefresh(next)
		f.RefreshHash = hash[:]
		return next, err
	case domain.Replayed:
		next, err := a.Keys.Reissue(current, f.TokenKey, token.RefreshHash(f.RefreshHash))
		if errors.Is(err, token.ErrNotGenuine) {
			return "", domain.ErrSessionEnded // made under a secret that is gone
		}
		return next, err
	default:
		return "", nil
	}
}

// Logout ends the session of the access token. Ending it twice is no error.
func (a *Auth) Logout(ctx context.Context, by domain.Actor, sessionID string) error {
	err := a.EndSession(ctx, by, sessionID, domain.RevokedLogout)
	if errors.Is(err, domain.ErrSessionNotFound) {
		return nil
	}
	return err
}

// EndSession ends one of the actor's sessions; ErrSessionNotFound if it is not
// theirs or has ended.
func (a *Auth) EndSession(ctx context.Context, by domain.Actor, sessionID, reason string) error {
	ended, err := a.Sessions.Revoke(ctx, sessionID, by, reason)
	if err != nil {
		return fmt.Errorf("end a session: %w", err)
	}
	announce(ctx, a.Announcer, a.Log, []domain.Revocation{ended}, nil)
	return nil
}

// announce tells the others at once; if that fails the reconciliation will.
func announce(ctx context.Context, to Announcer, log zerolog.Logger, sessions, users []domain.Revocation) {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), announceTimeout)
	defer cancel()
	if err := to.Announce(bounded, sessions, users); err != nil {
		log.Warn().Ctx(ctx).Err(err).Msg("a revocation reaches the other services a little later")
	}
}
