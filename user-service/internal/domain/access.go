package domain

import "time"

// SignIn is a session to begin. Of refresh tokens only hashes leave the service.
type SignIn struct {
	SessionID   string
	RefreshHash []byte // of the first generation
	TokenKey    []byte // recognises the session's tokens
	UserAgent   string
	Address     string // see Session
}

// SignedIn is a user as an access token may describe them at a time.
type SignedIn struct {
	User  User
	At    time.Time
	Ended []Revocation // sessions that made room for this one
}

// Family is a session with its user, the hash of its current refresh token and the
// key that recognises its tokens, nil if it began before sessions had keys.
type Family struct {
	Session
	User        User
	RefreshHash []byte
	TokenKey    []byte
	Now         time.Time
}

// Credentials are what a sign-in is checked against.
type Credentials struct {
	UserID       string
	Status       Status
	PasswordHash string
	// KnownNetwork: the user has a live session that began in the same network.
	KnownNetwork bool
}

// Revocation says that the access tokens of a session are void, or those of a
// user that were issued before the time.
type Revocation struct {
	ID string
	At time.Time
}

// UserFilter narrows a list of users; empty fields match everyone.
type UserFilter struct {
	Query  string // part of the address or the name
	Role   string
	Status string
	After  string // the id that the page before ended with
	Limit  int
}

// TokenTime is the time that an access token made at now carries. Tokens say when
// they were issued in whole seconds; one that is issued in the very second of a
// change must not pass for one from before.
func (u User) TokenTime(now time.Time) time.Time {
	at := now.Truncate(time.Second)
	if u.RevokedBefore != nil && at.Before(*u.RevokedBefore) {
		return nextSecond(*u.RevokedBefore)
	}
	return at
}

// voidTokens ends all access tokens made so far. Those that followed an earlier
// change may carry the second after it, which must lie in the past as well.
func (u User) voidTokens(now time.Time) User {
	if u.RevokedBefore != nil {
		if latest := nextSecond(*u.RevokedBefore); !now.After(latest) {
			now = latest.Add(time.Millisecond)
		}
	}
	u.RevokedBefore = &now
	return u
}

// nextSecond rounds up to a whole second.
func nextSecond(t time.Time) time.Time {
	return t.Add(time.Second - time.Nanosecond).Truncate(time.Second)
}
