package repository

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/postgres"
	"marketplace/user-service/internal/domain"
)

// The user before the session: the order of all locks.
const (
	lockOwner  = `SELECT ` + userColumns + ` FROM users u WHERE u.id = (SELECT user_id FROM sessions WHERE id = $1) FOR SHARE`
	lockFamily = `SELECT ` + sessionColumns + `, refresh_hash, token_key FROM sessions WHERE id = $1 FOR NO KEY UPDATE`
)

const updateFamily = `
UPDATE sessions SET generation = $2, refresh_hash = $3, rotated_at = $4, expires_at = $5, revoked_at = $6, revoke_reason = $7, token_key = $8
WHERE id = $1`

type sessionWithSecrets struct {
	domain.Session
	RefreshHash []byte
	TokenKey    []byte
}

// Refresh locks a family, lets decide change it and saves the result, also if that
// is a revocation; ErrSessionEnded if there is no such family. The network is where the request came from.
func (r *Sessions) Refresh(
	ctx context.Context, sessionID, network string, decide func(domain.Family) (domain.Family, error),
) (after domain.Family, err error) {
	var users []domain.User
	var sessions []sessionWithSecrets
	var now time.Time
	err = postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			b.Queue(lockOwner, sessionID).Query(collect(&users))
			b.Queue(lockFamily, sessionID).Query(collect(&sessions))
			postgres.Clock(b, &now)
		},
		func(b *pgx.Batch) error {
			if len(users) == 0 || len(sessions) == 0 {
				return domain.ErrSessionEnded
			}
			found := sessions[0]
			before := domain.Family{Session: found.Session, User: users[0], RefreshHash: found.RefreshHash, TokenKey: found.TokenKey, Now: now}
			after, err = decide(before)
			if err != nil || after.Session == before.Session {
				return err
			}
			s := after.Session
			b.Queue(updateFamily, s.ID, s.Generation, after.RefreshHash, s.RotatedAt, s.ExpiresAt, s.RevokedAt, s.RevokeReason, after.TokenKey)
			if s.RevokedAt != nil { // by the owner or by a thief: nobody knows
				queueAudit(b, domain.Actor{Network: network}.Entry(s.UserID, domain.ActionSessionEnded, now).ForSession(s.ID, *s.RevokeReason))
			}
			return nil
		})
	return after, err
}
