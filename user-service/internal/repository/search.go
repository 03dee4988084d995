package repository

import (
	"context"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/postgres"
	"marketplace/user-service/internal/domain"
)

const (
	selectUsers = `
SELECT ` + userColumns + ` FROM users u
WHERE ($1 = '' OR $1 = ANY (u.roles))
  AND ($2 = '' OR u.status = $2)
  AND ($3::uuid IS NULL OR u.id < $3)`
	newestFirst = `
ORDER BY u.id DESC
LIMIT $4`

	// What is found has the parts of three characters of what is sought, or all of it when it is shorter: so says the index. The second
	// condition asks for them in one piece. $5 is compared as
	// names are, $6 has its host in ASCII.
	andSearched = `
  AND (text_parts(u.searched, 1, 3) @> text_parts(text_key($5), least(length(text_key($5)), 3), 3)
    OR text_parts(u.searched, 1, 3) @> text_parts($6, least(length($6), 3), 3))
  AND (strpos(u.searched, text_key($5)) > 0 OR strpos(u.searched, $6) > 0)`
)

// List returns users, newest first (ids grow with time).
func (r *Users) List(ctx context.Context, f domain.UserFilter) ([]domain.User, error) {
	sql, args := listing(f)
	// The plan depends on what is sought: a part that many have is met soon in the order of ids, one that few have is in the index.
	rows, _ := r.pool.Query(ctx, sql, append([]any{pgx.QueryExecModeCacheDescribe}, args...)...)
	users, err := pgx.CollectRows(rows, pgx.RowToStructByName[domain.User])
	return users, postgres.Translate(err)
}

// listing is the statement for a filter.
func listing(f domain.UserFilter) (sql string, args []any) {
	args = []any{f.Role, f.Status, nullable(f.After), f.Limit}
	if f.Query == "" {
		return selectUsers + newestFirst, args
	}
	return selectUsers + andSearched + newestFirst, append(args, f.Query, domain.EmailPart(f.Query))
}
