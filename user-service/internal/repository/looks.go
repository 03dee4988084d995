package repository

import (
	"context"
	"crypto/sha256"
	"strings"

	"github.com/jackc/pgx/v5"
	"go.mau.fi/util/confusable"

	"marketplace/shared/postgres"
	"marketplace/user-service/internal/domain"
)

// lookOf is the same for addresses that people cannot tell apart: a hash of the skeleton of UTS #39. Letters are small in addresses, so
// that the skeleton's are made small too: 0 looks like O by the standard's table, and like o here. When the table changes, a migration has to
// empty the column.
func lookOf(email string) []byte {
	skeleton := confusable.Skeleton(domain.ShownEmail(email))
	sum := sha256.Sum256([]byte(confusable.Skeleton(strings.ToLower(skeleton))))
	return sum[:]
}

// looksLikeStaff is the guard's name, see migration 0009.
const looksLikeStaff = "users_look"

// selectDue locks the users, and the rows of looks_due are deleted after that: the triggers of migration 0010 take both in the same order.
const selectDue = `
SELECT u.id, u.email FROM looks_due d JOIN users u ON u.id = d.user_id
WHERE d.user_id > $1 ORDER BY d.user_id LIMIT $2 FOR NO KEY UPDATE OF u SKIP LOCKED`

const updateLooks = `
UPDATE users u SET look = v.look FROM unnest($1::uuid[], $2::bytea[]) AS v (id, look) WHERE u.id = v.id`

// NoteLooks computes what up to limit addresses look like of which it is not known, and returns the ids of these users in order. They are above
// after, which is the last id of the call before: under a long snapshot, what that call did is still in the index, and would be
// walked over again. The first call has the nil UUID.
func (r *Users) NoteLooks(ctx context.Context, after string, limit int) (ids []string, err error) {
	var found []struct{ ID, Email string }
	err = postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) { b.Queue(selectDue, after, limit).Query(collect(&found)) },
		func(b *pgx.Batch) error {
			looks := make([][]byte, len(found))
			for i, u := range found {
				ids, looks[i] = append(ids, u.ID), lookOf(u.Email)
			}
			b.Queue(updateLooks, ids, looks)
			b.Queue(`DELETE FROM looks_due WHERE user_id = ANY ($1)`, ids)
			return nil
		})
	return ids, err
}

// selectDoubles has the condition of the guard in migration 0009.
const selectDoubles = `
SELECT DISTINCT least(u.id, o.id) AS a, greatest(u.id, o.id) AS b
FROM users u JOIN users o ON o.look = u.look AND o.id <> u.id
WHERE u.id = ANY ($1) AND u.status = 'active' AND o.status = 'active'
  AND (u.roles && '{warehouse,support,admin}' OR o.roles && '{warehouse,support,admin}')`

// Doubles returns the pairs of active accounts, one of the staff, that have addresses which look alike, as far as one of ids is in them.
func (r *Users) Doubles(ctx context.Context, ids []string) ([]domain.Double, error) {
	rows, _ := r.pool.Query(ctx, selectDoubles, ids)
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[domain.Double])
	return found, postgres.Translate(err)
}
