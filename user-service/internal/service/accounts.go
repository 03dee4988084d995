package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"marketplace/shared/idempotency"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/password"
)

// ChangeableUsers is what Accounts needs to change a user.
type ChangeableUsers interface {
	Update(ctx context.Context, by domain.Actor, decide func(domain.User, int, time.Time) (domain.User, error)) (domain.User, error)
	UpdateAccess(
		ctx context.Context, id string, by domain.Actor, decide func(domain.User, int, time.Time) (domain.User, error),
	) (domain.User, error)
	CommandAccess(
		ctx context.Context, id string, by domain.Actor, decide func(domain.User, int, time.Time) (domain.User, error), answer Answer,
	) (domain.User, idempotency.Reply, error)
	PasswordHash(ctx context.Context, id string) (string, error)
	ChangePassword(ctx context.Context, change domain.PasswordChange, answer PasswordAnswer) ([]domain.Revocation, idempotency.Reply, error)
	Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error)
}

// What makes the replies to commands.
type (
	Answer         = idempotency.Answer[domain.User]
	PasswordAnswer = idempotency.Answer[domain.PasswordChange]
)

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

// Rename gives the actor another name.
func (a *Accounts) Rename(ctx context.Context, by domain.Actor, name string, expect Expect) (domain.User, error) {
	return a.Users.Update(ctx, by, func(u domain.User, _ int, _ time.Time) (domain.User, error) {
		if err := expect(u.Version); err != nil {
			return u, err
		}
		return u.Rename(name)
	})
}

// ChangePassword asks for the current password again, so that an unlocked screen
// is not enough, and ends all sessions but the one to keep.
func (a *Accounts) ChangePassword(
	ctx context.Context, by domain.Actor, keep, current, next string, answer PasswordAnswer,
) (idempotency.Reply, error) {
	return a.Users.Once(ctx, answer.Key, func() (idempotency.Reply, error) {
		return a.changePassword(ctx, by, keep, current, next, answer)
	})
}

func (a *Accounts) changePassword(
	ctx context.Context, by domain.Actor, keep, current, next string, answer PasswordAnswer,
) (reply idempotency.Reply, err error) {
	attempt := newPasswordAttempt(a.Limiter, a.Limits(), keep, by.Network)
	defer func() { attempt.end(ctx, err) }()
	if err := attempt.begin(ctx); err != nil {
		return reply, err
	}
	if err := attempt.countEverywhere(ctx); err != nil {
		return reply, err
	}
	oldHash, err := a.Users.PasswordHash(ctx, by.UserID)
	if err != nil {
		return reply, err
	}
	caller := password.Caller{Network: by.Network, Known: true}
	ok, err := a.Passwords.Verify(ctx, caller, normalPassword(current), oldHash)
	if err != nil {
		return reply, err
	}
	if !ok {
		return reply, domain.ErrPasswordWrong
	}
	newHash, err := hashNew(ctx, a.Passwords, caller, next)
	if err != nil {
		return reply, err
	}
	change := domain.PasswordChange{By: by, OldHash: oldHash, NewHash: newHash, Keep: keep}
	ended, reply, err := a.Users.ChangePassword(ctx, change, answer)
	if err != nil {
		return reply, fmt.Errorf("change a password: %w", err)
	}
	announce(ctx, a.Announcer, a.Log, ended, nil)
	return reply, nil
}

// Grant replaces a user's roles.
func (a *Accounts) Grant(ctx context.Context, id string, by domain.Actor, roles []string, expect Expect) (domain.User, error) {
	user, err := a.Users.UpdateAccess(ctx, id, by, func(u domain.User, otherAdmins int, now time.Time) (domain.User, error) {
		if err := expect(u.Version); err != nil {
			return u, err
		}
		return u.Grant(roles, otherAdmins, now)
	})
	if err == nil {
		a.announceAccess(ctx, user)
	}
	return user, err
}

// Block ends a user's access until Unblock.
func (a *Accounts) Block(ctx context.Context, id string, by domain.Actor, expect Expect, answer Answer) (idempotency.Reply, error) {
	return a.commandAccess(ctx, id, by, expect, domain.User.Block, answer)
}

// Unblock lets a user sign in again.
func (a *Accounts) Unblock(ctx context.Context, id string, by domain.Actor, expect Expect, answer Answer) (idempotency.Reply, error) {
	return a.commandAccess(ctx, id, by, expect, func(u domain.User, _ int, _ time.Time) (domain.User, error) {
		return u.Unblock(), nil
	}, answer)
}

func (a *Accounts) commandAccess(
	ctx context.Context, id string, by domain.Actor, expect Expect,
	decide func(domain.User, int, time.Time) (domain.User, error), answer Answer,
) (idempotency.Reply, error) {
	return a.Users.Once(ctx, answer.Key, func() (idempotency.Reply, error) {
		user, reply, err := a.Users.CommandAccess(ctx, id, by, func(u domain.User, otherAdmins int, now time.Time) (domain.User, error) {
			if err := expect(u.Version); err != nil {
				return u, err
			}
			return decide(u, otherAdmins, now)
		}, answer)
		if err == nil {
			a.announceAccess(ctx, user)
		}
		return reply, err
	})
}

// announceAccess makes every process refuse the tokens that the user had before.
func (a *Accounts) announceAccess(ctx context.Context, user domain.User) {
	if user.RevokedBefore != nil {
		announce(ctx, a.Announcer, a.Log, nil, []domain.Revocation{{ID: user.ID, At: *user.RevokedBefore}})
	}
}

// AdminUsers is what FirstAdmin needs.
type AdminUsers interface {
	ByEmail(ctx context.Context, email string) (domain.User, error)
	CreateIfAbsent(ctx context.Context, u domain.User, passwordHash string) (bool, error)
}

// FirstAdmin creates the account that appoints everybody else, unless it is there.
// An account that somebody else registered under the address is left as it is:
// configuration must not make an admin of a stranger.
func FirstAdmin(ctx context.Context, users AdminUsers, p Passwords, newID IDs, log zerolog.Logger, email, chosen string) error {
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
	hash, err := hashNew(ctx, p, password.Caller{Known: true}, chosen)
	if err != nil {
		return fmt.Errorf("ADMIN_PASSWORD: %w", err)
	}
	created, err := users.CreateIfAbsent(ctx, user, hash)
	if errors.Is(err, domain.ErrLooksLikeStaff) {
		log.Error().Msg("another active account has an address that looks like ADMIN_EMAIL; the first admin is not created")
		return nil
	}
	if created {
		log.Info().Str("user_id", user.ID).Msg("the first admin was created")
	}
	return err
}
