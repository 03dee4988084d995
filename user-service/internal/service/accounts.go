package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"marketplace/shared/auth"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/throttle"
)

// ChangeableUsers is what Accounts needs to change a user.
type ChangeableUsers interface {
	Update(ctx context.Context, id string, decide func(domain.User, int, time.Time) (domain.User, error)) (domain.User, error)
	UpdateAccess(ctx context.Context, id string, decide func(domain.User, int, time.Time) (domain.User, error)) (domain.User, error)
	PasswordHash(ctx context.Context, id string) (string, error)
	ChangePassword(ctx context.Context, id, oldHash, newHash, keep string) ([]domain.Revocation, error)
}

// Accounts changes users.
type Accounts struct {
	Users     ChangeableUsers
	Passwords Passwords
	Limiter   Limiter
	Limits    func() Limits
	Announcer Announcer
	Log       zerolog.Logger
}

// Expect refuses a change that was decided on an older version of the user.
type Expect func(version int) error

// Rename gives a user another name.
func (a *Accounts) Rename(ctx context.Context, id, name string, expect Expect) (domain.User, error) {
	return a.Users.Update(ctx, id, func(u domain.User, _ int, _ time.Time) (domain.User, error) {
		if err := expect(u.Version); err != nil {
			return u, err
		}
		return u.Rename(name)
	})
}

// ChangePassword asks for the current password again, so that an unlocked screen
// is not enough, and ends all other sessions.
func (a *Accounts) ChangePassword(ctx context.Context, who auth.Identity, current, next string) error {
	limit := throttle.PerHour("password", a.Limits().LoginsPerAccount)
	if err := a.Limiter.Allow(ctx, limit, who.UserID); err != nil {
		return err
	}
	oldHash, err := a.Users.PasswordHash(ctx, who.UserID)
	if err != nil {
		return err
	}
	ok, err := a.Passwords.Verify(ctx, normalPassword(current), oldHash)
	if err != nil {
		return err
	}
	if !ok {
		return domain.ErrPasswordWrong
	}
	newHash, err := hashNew(ctx, a.Passwords, next)
	if err != nil {
		return err
	}
	ended, err := a.Users.ChangePassword(ctx, who.UserID, oldHash, newHash, who.SessionID)
	if err != nil {
		return fmt.Errorf("change a password: %w", err)
	}
	a.Limiter.Reset(ctx, limit, who.UserID)
	announce(ctx, a.Announcer, a.Log, ended, nil)
	return nil
}

// Grant replaces a user's roles.
func (a *Accounts) Grant(ctx context.Context, id string, roles []string, expect Expect) (domain.User, error) {
	return a.changeAccess(ctx, id, func(u domain.User, otherAdmins int, now time.Time) (domain.User, error) {
		if err := expect(u.Version); err != nil {
			return u, err
		}
		return u.Grant(roles, otherAdmins, now)
	})
}

// Block ends a user's access until Unblock.
func (a *Accounts) Block(ctx context.Context, id string) (domain.User, error) {
	return a.changeAccess(ctx, id, domain.User.Block)
}

// Unblock lets a user sign in again.
func (a *Accounts) Unblock(ctx context.Context, id string) (domain.User, error) {
	return a.changeAccess(ctx, id, func(u domain.User, _ int, _ time.Time) (domain.User, error) {
		return u.Unblock(), nil
	})
}

func (a *Accounts) changeAccess(
	ctx context.Context, id string, decide func(domain.User, int, time.Time) (domain.User, error),
) (domain.User, error) {
	user, err := a.Users.UpdateAccess(ctx, id, decide)
	if err != nil {
		return domain.User{}, err
	}
	if user.RevokedBefore != nil {
		announce(ctx, a.Announcer, a.Log, nil, []domain.Revocation{{ID: id, At: *user.RevokedBefore}})
	}
	return user, nil
}

// AdminUsers is what FirstAdmin needs.
type AdminUsers interface {
	ByEmail(ctx context.Context, email string) (domain.User, error)
	CreateIfAbsent(ctx context.Context, u domain.User, passwordHash string) (bool, error)
}

// FirstAdmin creates the account that appoints everybody else, unless it is there.
// An account that somebody else registered under the address is left as it is:
// configuration must not make an admin of a stranger.
func FirstAdmin(ctx context.Context, users AdminUsers, p Passwords, newID IDs, log zerolog.Logger, email, password string) error {
	user, err := newUser(newID(), email, "Administrator", []string{domain.RoleAdmin})
	if err != nil {
		return fmt.Errorf("ADMIN_EMAIL: %w", err)
	}
	existing, err := users.ByEmail(ctx, user.Email)
	if err == nil {
		if !existing.IsActiveAdmin() {
			log.Warn().Msg("the account of ADMIN_EMAIL exists and is no active admin; it stays as it is")
		}
		return nil
	}
	if !errors.Is(err, domain.ErrUserNotFound) {
		return err
	}
	hash, err := hashNew(ctx, p, password)
	if err != nil {
		return fmt.Errorf("ADMIN_PASSWORD: %w", err)
	}
	created, err := users.CreateIfAbsent(ctx, user, hash)
	if created {
		log.Info().Str("user_id", user.ID).Msg("the first admin was created")
	}
	return err
}
