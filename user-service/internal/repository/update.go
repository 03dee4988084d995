package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

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
UPDATE users SET name = $2, roles = $3, status = $4, revoked_before = $5, version = $6 WHERE id = $1`

const revokeAll = `
UPDATE sessions SET revoked_at = $2, revoke_reason = $3 WHERE user_id = $1 AND revoked_at IS NULL`

// Update changes what a user may change alone; decide is told of no other admins.
func (r *Users) Update(ctx context.Context, id string, decide decideUser) (domain.User, error) {
	return r.update(ctx, lockUser, id, decide)
}

// UpdateAccess changes a user's roles or status. A user who ends up blocked has
// no live session any more.
func (r *Users) UpdateAccess(ctx context.Context, id string, decide decideUser) (domain.User, error) {
	return r.update(ctx, lockUserAndAdmins, id, decide)
}

func (r *Users) update(ctx context.Context, lock, id string, decide decideUser) (after domain.User, err error) {
	var locked []domain.User
	var now time.Time
	err = postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			b.Queue(lock, id).Query(collect(&locked))
			postgres.Clock(b, &now)
		},
		func(b *pgx.Batch) error {
			before, otherAdmins, err := split(locked, id)
			if err != nil {
				return err
			}
			after, err = decide(before, otherAdmins, now)
			if err != nil || after.Version == before.Version {
				return err
			}
			b.Queue(updateUser, id, after.Name, after.Roles, after.Status, after.RevokedBefore, after.Version)
			if after.Status == domain.StatusBlocked {
				b.Queue(revokeAll, id, now, domain.RevokedBlocked)
			}
			return nil
		})
	return after, err
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

const lockPassword = `SELECT password_hash FROM users WHERE id = $1 FOR NO KEY UPDATE`

const revokeOthers = `
UPDATE sessions SET revoked_at = $2, revoke_reason = $3 WHERE user_id = $1 AND id <> $4 AND revoked_at IS NULL
RETURNING id, revoked_at AS at`

// ChangePassword replaces the hash if it is still the one that the current
// password was checked against, and ends every session but one.
func (r *Users) ChangePassword(ctx context.Context, id, oldHash, newHash, keep string) (ended []domain.Revocation, err error) {
	var hash string
	var now time.Time
	err = postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			b.Queue(lockPassword, id).QueryRow(func(row pgx.Row) error { return row.Scan(&hash) })
			postgres.Clock(b, &now)
		},
		func(b *pgx.Batch) error {
			if hash != oldHash {
				return domain.ErrPasswordWrong
			}
			b.Queue(`UPDATE users SET password_hash = $2 WHERE id = $1`, id, newHash)
			b.Queue(revokeOthers, id, now, domain.RevokedPassword, keep).Query(collect(&ended))
			return nil
		})
	return ended, err
}

// collect reads all rows of a queued query.
func collect[T any](into *[]T) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*into, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		return err
	}
}
