package domain

import (
	"errors"
	"slices"
	"time"

	"marketplace/shared/text"
)

// Status says whether a user may sign in.
type Status string

const (
	StatusActive  Status = "active"
	StatusBlocked Status = "blocked"
)

// User is a person with an account. The password's hash is deliberately not part
// of it: what does not carry the hash cannot leak it.
type User struct {
	ID     string
	Email  string // normalised, see ParseEmail
	Name   string
	Roles  []string // sorted, always with RoleCustomer
	Status Status
	// RevokedBefore ends every access token issued earlier: it moves when roles
	// change or the user is blocked. Nil when that never happened.
	RevokedBefore *time.Time
	Version       int
	CreatedAt     time.Time
}

// IsActiveAdmin reports whether u counts towards the admins who can repair things.
func (u User) IsActiveAdmin() bool {
	return u.Status == StatusActive && slices.Contains(u.Roles, RoleAdmin)
}

// Rename gives the user a new name.
func (u User) Rename(name string) (User, error) {
	name, err := ParseName(name)
	if err != nil {
		return u, err
	}
	if name != u.Name {
		u.Name = name
		u.Version++
	}
	return u, nil
}

// Grant replaces the user's roles and ends the access tokens that carry the old
// ones. otherAdmins is the number of active admins besides u.
func (u User) Grant(roles []string, otherAdmins int, now time.Time) (User, error) {
	roles, err := ParseRoles(roles)
	if err != nil {
		return u, err
	}
	if slices.Equal(roles, u.Roles) {
		return u, nil
	}
	if u.IsActiveAdmin() && !slices.Contains(roles, RoleAdmin) && otherAdmins == 0 {
		return u, ErrLastAdmin
	}
	u.Roles = roles
	u = u.voidTokens(now)
	u.Version++
	return u, nil
}

// Block ends all access of the user. The caller revokes the sessions.
func (u User) Block(otherAdmins int, now time.Time) (User, error) {
	if u.Status == StatusBlocked {
		return u, nil
	}
	if u.IsActiveAdmin() && otherAdmins == 0 {
		return u, ErrLastAdmin
	}
	u.Status = StatusBlocked
	u = u.voidTokens(now)
	u.Version++
	return u, nil
}

// Unblock lets the user sign in again; sessions from before stay revoked.
func (u User) Unblock() User {
	if u.Status == StatusActive {
		return u
	}
	u.Status = StatusActive
	u.Version++
	return u
}

// names is the rule of a display name.
var names = text.Rule{Min: 1, Max: 100}

// ParseName returns the normal form of a display name, or ErrNameInvalid.
func ParseName(raw string) (string, error) {
	name, err := names.Parse(raw)
	if err != nil {
		return "", errors.Join(ErrNameInvalid, err)
	}
	return name, nil
}
