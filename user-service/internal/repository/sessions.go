package repository

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/shared/postgres"
	"marketplace/user-service/internal/domain"
)

// Sessions reads and writes sessions. Of refresh tokens it only ever sees hashes.
type Sessions struct{ pool *pgxpool.Pool }

// NewSessions returns the repository over the pool.
func NewSessions(pool *pgxpool.Pool) *Sessions { return &Sessions{pool: pool} }

const sessionColumns = `id, user_id, generation, created_at, rotated_at, expires_at, revoked_at, revoke_reason, user_agent, address`

const insertSession = `
INSERT INTO sessions (` + sessionColumns + `, refresh_hash, token_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`

func queueInsertSession(b *pgx.Batch, in domain.SignIn, userID string, now time.Time) {
	s := domain.NewSession(in.SessionID, userID, in.UserAgent, in.Address, now)
	b.Queue(insertSession, s.ID, s.UserID, s.Generation, s.CreatedAt, s.RotatedAt, s.ExpiresAt, s.RevokedAt, s.RevokeReason,
		s.UserAgent, s.Address, in.RefreshHash, in.TokenKey)
}

// The lock makes a block, a change of roles or of the password wait, or makes us
// see it: none of them can miss a session that is being opened. It makes another
// sign-in of the user wait, too, so that each counts the sessions of the others.
const lockCredentials = `SELECT ` + userColumns + `, u.password_hash FROM users u WHERE u.id = $1 FOR NO KEY UPDATE`

const endTooMany = `
WITH ended AS (
    UPDATE sessions SET revoked_at = $2, revoke_reason = $3
    WHERE revoked_at IS NULL AND id IN (
        SELECT id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
        ORDER BY rotated_at DESC, id DESC OFFSET $4
    )
    RETURNING id, revoked_at AS at
), noted AS (
    INSERT INTO audit_log (user_id, actor_id, action, reason, session_id, network, created_at)
    SELECT $1, $1, 'session_ended', $3, id, $5, at FROM ended
)
SELECT id, at FROM ended`

type userWithHash struct {
	domain.User
	PasswordHash string
}

// Open begins a session for an active user whose password hash is still the one
// that was verified; otherwise ErrBlocked or ErrCredentials. Of more live sessions than MaxSessions those end that were not
// refreshed for longest.
func (r *Sessions) Open(ctx context.Context, userID, passwordHash string, in domain.SignIn) (domain.SignedIn, error) {
	var users []userWithHash
	var ended []domain.Revocation
	var now time.Time
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) {
			b.Queue(lockCredentials, userID).Query(collect(&users))
			postgres.Clock(b, &now)
		},
		func(b *pgx.Batch) error {
			switch {
			case len(users) == 0 || users[0].PasswordHash != passwordHash:
				return domain.ErrCredentials
			case users[0].Status == domain.StatusBlocked:
				return domain.ErrBlocked
			}
			queueInsertSession(b, in, userID, now)
			by := domain.Actor{UserID: userID, Network: in.Address}
			queueAudit(b, by.Entry(userID, domain.ActionSignedIn, now).ForSession(in.SessionID, ""))
			b.Queue(endTooMany, userID, now, domain.RevokedTooMany, domain.MaxSessions, in.Address).Query(collect(&ended))
			return nil
		})
	if err != nil {
		return domain.SignedIn{}, err
	}
	return domain.SignedIn{User: users[0].User, At: now, Ended: ended}, nil
}

const selectLiveSessions = `
SELECT ` + sessionColumns + ` FROM sessions
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now() AND ($2::uuid IS NULL OR id < $2)
ORDER BY id DESC
LIMIT $3`

// Live returns the user's sessions that have not ended, newest first, after the
// id that the page before ended with.
func (r *Sessions) Live(ctx context.Context, userID, after string, limit int) ([]domain.Session, error) {
	rows, _ := r.pool.Query(ctx, selectLiveSessions, userID, nullable(after), limit)
	sessions, err := pgx.CollectRows(rows, pgx.RowToStructByName[domain.Session])
	return sessions, postgres.Translate(err)
}

const revokeSession = `
WITH ended AS (
    UPDATE sessions SET revoked_at = clock_timestamp(), revoke_reason = $3
    WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL
    RETURNING id, revoked_at AS at
), noted AS (
    INSERT INTO audit_log (user_id, actor_id, action, reason, session_id, network, created_at)
    SELECT $2, $2, 'session_ended', $3, id, $4, at FROM ended
)
SELECT id, at FROM ended`

// Revoke ends a session of the actor; ErrSessionNotFound if there is none alive.
func (r *Sessions) Revoke(ctx context.Context, id string, by domain.Actor, reason string) (domain.Revocation, error) {
	rows, _ := r.pool.Query(ctx, revokeSession, id, by.UserID, reason, by.Network)
	ended, err := pgx.CollectRows(rows, pgx.RowToStructByName[domain.Revocation])
	if err != nil {
		return domain.Revocation{}, postgres.Translate(fmt.Errorf("revoke a session: %w", err))
	}
	if len(ended) == 0 {
		return domain.Revocation{}, domain.ErrSessionNotFound
	}
	return ended[0], nil
}

// Revoked returns the sessions that were revoked at or after since.
func (r *Sessions) Revoked(ctx context.Context, since time.Time) ([]domain.Revocation, error) {
	rows, _ := r.pool.Query(ctx, `SELECT id, revoked_at AS at FROM sessions WHERE revoked_at >= $1`, since)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[domain.Revocation])
	return found, postgres.Translate(err)
}

// A refresh token of a deleted session is as void as that of a revoked one; a
// few days are kept so that somebody can look into a theft.
const deleteExpired = `
WITH gone AS (DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE expires_at >= $1 AND expires_at < now() - interval '7 days' ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING expires_at)
SELECT max(expires_at) FROM gone`

const deleteRevoked = `
WITH gone AS (DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE revoked_at >= $1 AND revoked_at < now() - interval '7 days' ORDER BY revoked_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING revoked_at)
SELECT max(revoked_at) FROM gone`

// DeleteExpired deletes up to limit sessions that expired at or after a time and more than a week ago, the oldest first. It returns when
// the last of them did, nil if there was none.
func (r *Sessions) DeleteExpired(ctx context.Context, after time.Time, limit int) (last *time.Time, err error) {
	err = r.pool.QueryRow(ctx, deleteExpired, after, limit).Scan(&last)
	return last, postgres.Translate(err)
}

// DeleteRevoked is DeleteExpired for sessions that were revoked.
func (r *Sessions) DeleteRevoked(ctx context.Context, after time.Time, limit int) (last *time.Time, err error) {
	err = r.pool.QueryRow(ctx, deleteRevoked, after, limit).Scan(&last)
	return last, postgres.Translate(err)
}
