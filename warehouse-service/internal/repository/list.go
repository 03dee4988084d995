package repository

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"marketplace/shared/postgres"
)

// conditions collects what a list is narrowed by. Only what was asked for becomes SQL, so that each way to ask has the plan of
// its index.
type conditions struct {
	parts []string
	args  []any
}

// add adds a condition, each ? in it for the next argument.
func (c *conditions) add(condition string, args ...any) {
	for _, arg := range args {
		c.args = append(c.args, arg)
		condition = strings.Replace(condition, "?", "$"+strconv.Itoa(len(c.args)), 1)
	}
	c.parts = append(c.parts, condition)
}

// addIf adds a condition on a value unless it is the zero value.
func addIf[T comparable](c *conditions, condition string, value T) {
	var zero T
	if value != zero {
		c.add(condition, value)
	}
}

// list runs selected with the conditions, in order, and reads at most limit rows.
func list[T any](
	ctx context.Context, pool *pgxpool.Pool, selected string, c conditions, order string, limit int, scan pgx.RowToFunc[T],
) ([]T, error) {
	c.args = append(c.args, limit)
	query := selected
	if len(c.parts) > 0 {
		query += " where " + strings.Join(c.parts, " and ")
	}
	query += " order by " + order + " limit $" + strconv.Itoa(len(c.args))
	rows, err := pool.Query(ctx, query, c.args...)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	page, err := pgx.CollectRows(rows, scan)
	return page, postgres.Translate(err)
}
