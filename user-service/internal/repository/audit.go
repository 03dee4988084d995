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

// Audit reads the audit log, and writes what has no transaction of its own. Everything else is written with its act.
type Audit struct{ pool *pgxpool.Pool }

// NewAudit returns the repository over the pool.
func NewAudit(pool *pgxpool.Pool) *Audit { return &Audit{pool: pool} }

const auditColumns = `user_id, actor_id, action, reason, session_id, roles_before, roles_after, network, created_at`

const insertAudit = `INSERT INTO audit_log (` + auditColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

func queueAudit(b *pgx.Batch, entries ...domain.AuditEntry) {
	for _, e := range entries {
		b.Queue(insertAudit, e.UserID, e.ActorID, e.Action, e.Reason, e.SessionID, e.RolesBefore, e.RolesAfter, e.Network, e.CreatedAt)
	}
}

const insertFailed = `
INSERT INTO audit_log (user_id, action, reason, network, created_at) VALUES ($1, $2, $3, $4, clock_timestamp())`

// Failed notes a sign-in that failed.
func (r *Audit) Failed(ctx context.Context, e domain.AuditEntry) error {
	_, err := r.pool.Exec(ctx, insertFailed, e.UserID, e.Action, e.Reason, e.Network)
	return postgres.Translate(err)
}

const selectAudit = `
SELECT id, ` + auditColumns + ` FROM audit_log
WHERE user_id = $1 AND ($2::bigint = 0 OR id < $2)
ORDER BY id DESC
LIMIT $3`

// Of returns what was done to a user's account, newest first, before the id that the page before ended with (0: from the newest).
func (r *Audit) Of(ctx context.Context, userID string, before int64, limit int) ([]domain.AuditEntry, error) {
	rows, _ := r.pool.Query(ctx, selectAudit, userID, before, limit)
	entries, err := pgx.CollectRows(rows, pgx.RowToStructByName[domain.AuditEntry])
	if err != nil {
		return nil, postgres.Translate(fmt.Errorf("read the audit log: %w", err))
	}
	return entries, nil
}

const deleteFailed = `
WITH gone AS (DELETE FROM audit_log WHERE id IN (
    SELECT id FROM audit_log WHERE action = 'sign_in_failed' AND created_at >= $1 AND created_at < now() - interval '90 days'
    ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
) RETURNING created_at)
SELECT max(created_at) FROM gone`

// DeleteFailed deletes up to limit failed sign-ins from a time on and of more than 90 days ago, the oldest first. It returns when the last of
// them was, nil if there was none.
func (r *Audit) DeleteFailed(ctx context.Context, after time.Time, limit int) (last *time.Time, err error) {
	err = r.pool.QueryRow(ctx, deleteFailed, after, limit).Scan(&last)
	return last, postgres.Translate(err)
}
