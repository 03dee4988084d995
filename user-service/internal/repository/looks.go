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

const selectWithoutLook = `
SELECT id, email FROM users WHERE look IS NULL ORDER BY id LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED`

const updateLooks = `
UPDATE users u SET look = v.look FROM unnest($1::uuid[], $2::bytea[]) AS v (id, look) WHERE u.id = v.id`

// NoteLooks computes what up to limit addresses look like of which it is not known, and returns of how many it did.
func (r *Users) NoteLooks(ctx context.Context, limit int) (int64, error) {
	var found []struct{ ID, Email string }
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) { b.Queue(selectWithoutLook, limit).Query(collect(&found)) },
		func(b *pgx.Batch) error {
			ids, looks := make([]string, len(found)), make([][]byte, len(found))
			for i, u := range found {
				ids[i], looks[i] = u.ID, lookOf(u.Email)
			}
			b.Queue(updateLooks, ids, looks)
			return nil
		})
	return int64(len(found)), err
}
