package repository

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/idempotency"
	"marketplace/shared/postgres"
	"marketplace/user-service/internal/domain"
)

// decideUser changes a locked user. otherAdmins counts the active admins besides
// the user; now is the time of the change.
type decideUser = func(u domain.User, otherAdmins int, now time.Time) (domain.User, error)

// The user is locked together with every admin, in id order: of two admins who
// take the role from each other, the second sees what the first did.
const lockUserAndAdmins = `
SELECT ` + userColumns + ` FROM users u
WHERE u.id = $1 OR 'admin' = ANY (u.roles)
ORDER BY u.id FOR NO KEY UPDATE`

const lockUser = `SELECT ` + userColumns + ` FROM users u WHERE u.id = $1 FOR NO KEY UPDATE`

const updateUser = `
UPDATE users SET name = $2, roles = $3, status = $4, revoked_before = $5, version = $6, look = $7 WHERE id = $1`

const revokeAll = `
UPDATE sessions SET revoked_at = $2, revoke_reason = $3 WHERE user_id = $1 AND revoked_at IS NULL`

// Answer makes the reply to a command, from the user as the command leaves them.
type Answer = idempotency.Answer[domain.User]

// unanswered is for changes that have no reply to keep.
var unanswered = Answer{Render: func(domain.User) (idempotency.Reply, error) { return idempotency.Reply{}, nil }}

// Once runs effect unless the key has a reply already: see idempotency.Do.
func (r *Users) Once(ctx context.Context, key idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error) {
	return idempotency.Do(ctx, r.pool, key, effect)
}

// Update changes what users may change of their own account; decide is told of no other admins.
func (r *Users) Update(ctx context.Context, by domain.Actor, decide decideUser) (domain.User, error) {
	user, _, err := r.update(ctx, lockUser, by.UserID, by, decide, unanswered)
	return user, err
}

// UpdateAccess changes a user's roles or status. A user who ends up blocked has no live session any more. ErrNotAdmin, unless the
// actor is an active admin at this moment, whatever the token says.
func (r *Users) UpdateAccess(ctx context.Context, id string, by domain.Actor, decide decideUser) (domain.User, error) {
	user, _, err := r.update(ctx, lockUserAndAdmins, id, by, decide, unanswered)
	return user, err
}

// CommandAccess is UpdateAccess for a POST: it also makes the reply and stores it with the effect.
func (r *Users) CommandAccess(
	ctx context.Context, id string, by domain.Actor, decide decideUser, answer Answer,
) (domain.User, idempotency.Reply, error) {
	return r.update(ctx, lockUserAndAdmins, id, by, decide, answer)
}

func (r *Users) update(
	ctx context.Context, lock, id string, by domain.Actor, decide decideUser, answer Answer,
) (after domain.User, reply idempotency.Reply, err error) {
	var locked []domain.User
	var now time.Time
	err = postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			answer.Claim(b)
			b.Queue(lock, id).Query(collect(&locked))
			postgres.Clock(b, &now)
		},
		func(b *pgx.Batch) error {
			if lock == lockUserAndAdmins && !isActiveAdmin(locked, by.UserID) {
				return domain.ErrNotAdmin
			}
			before, otherAdmins, err := split(locked, id)
			if err != nil {
				return err
			}
			if after, err = decide(before, otherAdmins, now); err != nil {
				return err
			}
			if reply, err = answer.Save(b, after); err != nil || after.Version == before.Version {
				return err
			}
			b.Queue(updateUser, id, after.Name, after.Roles, after.Status, after.RevokedBefore, after.Version, lookOf(after.Email))
			queueAudit(b, by.Audit(before, after, now)...)
			if after.Status == domain.StatusBlocked {
				b.Queue(revokeAll, id, now, domain.RevokedBlocked)
			}
			return nil
		})
	if postgres.Violates(err, looksLikeStaff) {
		err = domain.ErrLooksLikeStaff
	}
	return after, reply, err
}

// split finds the user among the locked rows and counts the other active admins.
func split(locked []domain.User, id string) (user domain.User, otherAdmins int, err error) {
	err = domain.ErrUserNotFound
	for _, u := range locked {
		switch {
		case u.ID == id:
			user, err = u, nil
		case u.IsActiveAdmin():
			otherAdmins++
		}
	}
	return user, otherAdmins, err
}

func isActiveAdmin(locked []domain.User, id string) bool {
	return slices.ContainsFunc(locked, func(u domain.User) bool { return u.ID == id && u.IsActiveAdmin() })
}

const lockPassword = `SELECT password_hash FROM users WHERE id = $1 FOR NO KEY UPDATE`

const revokeOthers = `
UPDATE sessions SET revoked_at = $2, revoke_reason = $3 WHERE user_id = $1 AND id <> $4 AND revoked_at IS NULL
RETURNING id, revoked_at AS at`

// ChangePassword replaces the hash if it is still the one that the current
// password was checked against, and ends every session but one. The reply is stored with that.
func (r *Users) ChangePassword(
	ctx context.Context, change domain.PasswordChange, answer idempotency.Answer[domain.PasswordChange],
) (ended []domain.Revocation, reply idempotency.Reply, err error) {
	var hash string
	var now time.Time
	err = postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			answer.Claim(b)
			b.Queue(lockPassword, change.By.UserID).QueryRow(func(row pgx.Row) error { return row.Scan(&hash) })
			postgres.Clock(b, &now)
		},
		func(b *pgx.Batch) (err error) {
			if hash != change.OldHash {
				return domain.ErrPasswordWrong
			}
			b.Queue(`UPDATE users SET password_hash = $2 WHERE id = $1`, change.By.UserID, change.NewHash)
			queueAudit(b, change.By.Entry(change.By.UserID, domain.ActionPasswordChanged, now))
			b.Queue(revokeOthers, change.By.UserID, now, domain.RevokedPassword, change.Keep).Query(collect(&ended))
			reply, err = answer.Save(b, change)
			return err
		})
	return ended, reply, err
}

// collect reads all rows of a queued query.
func collect[T any](into *[]T) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		return err
	}
}
