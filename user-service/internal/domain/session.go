package domain

import "time"

const (
	// RefreshLifetime is how long a session lives without being refreshed.
	RefreshLifetime = 30 * 24 * time.Hour
	// RefreshGrace is how long the direct predecessor of the current refresh
	// token replays it. The database holds the same rule (migration 0001).
	RefreshGrace = 30 * time.Second
	// AccessLifetime is how long an access token is valid, and so how long a
	// revocation has to be remembered.
	AccessLifetime = 15 * time.Minute
	// MaxSessions is how many live sessions a user has at most. When one more
	// begins, the one ends that was not refreshed for longest.
	MaxSessions = 100
)

// Why a session was revoked.
const (
	RevokedLogout   = "logout"
	RevokedByUser   = "revoked_by_user"
	RevokedPassword = "password_changed"
	RevokedBlocked  = "blocked"
	RevokedReuse    = "refresh_token_reused"
	RevokedTooMany  = "too_many_sessions"
)

// Session is one sign-in: a family of refresh tokens with one current generation.
type Session struct {
	ID           string
	UserID       string
	Generation   int
	CreatedAt    time.Time
	RotatedAt    time.Time // when the current generation was first handed out
	ExpiresAt    time.Time
	RevokedAt    *time.Time
	RevokeReason *string
	UserAgent    string
	Address      string // of the client at sign-in; of IPv6 its network of 64 bits
}

// Outcome says what presenting a refresh token did to its session.
type Outcome int

const (
	// Rotated: the next generation is current now.
	Rotated Outcome = iota + 1
	// Replayed: a parallel request had rotated just before; it gets the same token.
	Replayed
	// Reused: an old token was shown, so it was stolen; the family is revoked.
	Reused
)

// NewSession starts a family at generation 1.
func NewSession(id, userID, userAgent, address string, now time.Time) Session {
	return Session{
		ID: id, UserID: userID, Generation: 1,
		CreatedAt: now, RotatedAt: now, ExpiresAt: now.Add(RefreshLifetime),
		UserAgent: userAgent, Address: address,
	}
}

// Refresh decides what happens when a genuine token of the given generation is
// presented. A session that has ended gives ErrSessionEnded, and so does a
// generation that was never handed out.
func (s Session) Refresh(generation int, now time.Time) (Session, Outcome, error) {
	if s.RevokedAt != nil || !now.Before(s.ExpiresAt) || generation > s.Generation {
		return s, 0, ErrSessionEnded
	}
	switch {
	case generation == s.Generation:
		s.Generation++
		s.RotatedAt = now
		s.ExpiresAt = now.Add(RefreshLifetime)
		return s, Rotated, nil
	case generation == s.Generation-1 && now.Before(s.RotatedAt.Add(RefreshGrace)):
		return s, Replayed, nil
	default:
		return s.Revoke(RevokedReuse, now), Reused, nil
	}
}

// Revoke ends the session; the first reason stays.
func (s Session) Revoke(reason string, now time.Time) Session {
	if s.RevokedAt == nil {
		s.RevokedAt, s.RevokeReason = &now, &reason
	}
	return s
}
