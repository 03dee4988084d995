package repository

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/shared/postgres"
	"marketplace/user-service/internal/domain"
)

// Users reads and writes users.
type Users struct{ pool *pgxpool.Pool }

// NewUsers returns the repository over the pool.
func NewUsers(pool *pgxpool.Pool) *Users { return &Users{pool: pool} }

const userColumns = `u.id, u.email, u.name, u.roles, u.status, u.revoked_before, u.version, u.created_at`

const insertUser = `
INSERT INTO users (id, email, name, password_hash, roles, status, version, created_at, look)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

// Create inserts a user with the first session; ErrEmailTaken if the address has
// an account, ErrLooksLikeStaff if it looks like that of another one. The result has the times that the database gave.
func (r *Users) Create(ctx context.Context, u domain.User, passwordHash string, in domain.SignIn) (domain.SignedIn, error) {
	var now time.Time
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) { postgres.Clock(b, &now) },
		func(b *pgx.Batch) error {
			u.CreatedAt = now
			b.Queue(insertUser, u.ID, u.Email, u.Name, passwordHash, u.Roles, u.Status, u.Version, now, lookOf(u.Email))
			queueInsertSession(b, in, u.ID, now)
			by := domain.Actor{UserID: u.ID, Network: in.Address}
			queueAudit(b, by.Entry(u.ID, domain.ActionCreated, now).ForSession(in.SessionID, ""))
			return nil
		})
	switch {
	case postgres.Violates(err, "users_email"):
		return domain.SignedIn{}, domain.ErrEmailTaken
	case postgres.Violates(err, looksLikeStaff):
		return domain.SignedIn{}, domain.ErrLooksLikeStaff
	}
	return domain.SignedIn{User: u, At: now}, err
}

const insertUserIfAbsent = `
WITH made AS (` + insertUser + ` ON CONFLICT (email) DO NOTHING RETURNING id, created_at)
INSERT INTO audit_log (user_id, action, network, created_at) SELECT id, 'created', '', created_at FROM made`

// CreateIfAbsent inserts a user unless the address has an account; created says
// which it was. Several replicas may do so at once. ErrLooksLikeStaff is as for Create.
func (r *Users) CreateIfAbsent(ctx context.Context, u domain.User, passwordHash string) (created bool, err error) {
	var now time.Time
	err = postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) { postgres.Clock(b, &now) },
		func(b *pgx.Batch) error {
			b.Queue(insertUserIfAbsent, u.ID, u.Email, u.Name, passwordHash, u.Roles, u.Status, u.Version, now, lookOf(u.Email)).
				Exec(func(tag pgconn.CommandTag) error { created = tag.RowsAffected() == 1; return nil })
			return nil
		})
	if postgres.Violates(err, looksLikeStaff) {
		return false, domain.ErrLooksLikeStaff
	}
	return created, err
}

// ByID returns a user or ErrUserNotFound.
func (r *Users) ByID(ctx context.Context, id string) (domain.User, error) {
	return r.one(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id = $1`, id)
}

// ByEmail returns the user with the normalised address or ErrUserNotFound.
func (r *Users) ByEmail(ctx context.Context, email string) (domain.User, error) {
	return r.one(ctx, `SELECT `+userColumns+` FROM users u WHERE u.email = $1`, email)
}

func (r *Users) one(ctx context.Context, query string, args ...any) (domain.User, error) {
	rows, _ := r.pool.Query(ctx, query, args...)
	users, err := pgx.CollectRows(rows, pgx.RowToStructByName[domain.User])
	if err != nil {
		return domain.User{}, postgres.Translate(fmt.Errorf("read a user: %w", err))
	}
	if len(users) == 0 {
		return domain.User{}, domain.ErrUserNotFound
	}
	return users[0], nil
}

const selectCredentials = `
SELECT u.id AS user_id, u.status, u.password_hash,
       EXISTS (
           SELECT FROM sessions s
           WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > now() AND s.address = $2
       ) AS known_network
FROM users u WHERE u.email = $1`

// Credentials returns those of the account with the e-mail address, or
// ErrUserNotFound.
func (r *Users) Credentials(ctx context.Context, email, network string) (domain.Credentials, error) {
	rows, _ := r.pool.Query(ctx, selectCredentials, email, network)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[domain.Credentials])
	if err != nil {
		return domain.Credentials{}, postgres.Translate(fmt.Errorf("read credentials: %w", err))
	}
	if len(found) == 0 {
		return domain.Credentials{}, domain.ErrUserNotFound
	}
	return found[0], nil
}

// PasswordHash returns the user's stored hash or ErrUserNotFound.
func (r *Users) PasswordHash(ctx context.Context, id string) (string, error) {
	rows, _ := r.pool.Query(ctx, `SELECT password_hash FROM users WHERE id = $1`, id)
	hashes, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "", postgres.Translate(fmt.Errorf("read a password hash: %w", err))
	}
	if len(hashes) == 0 {
		return "", domain.ErrUserNotFound
	}
	return hashes[0], nil
}

// Revoked returns the users whose tokens were voided at or after since.
func (r *Users) Revoked(ctx context.Context, since time.Time) ([]domain.Revocation, error) {
	rows, _ := r.pool.Query(ctx, `SELECT id, revoked_before AS at FROM users WHERE revoked_before >= $1`, since)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[domain.Revocation])
	return found, postgres.Translate(err)
}

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
