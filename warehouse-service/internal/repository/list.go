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

// query is a statement with its arguments.
type query struct {
	text string
	args []any
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

// page is selected with the conditions, in order, at most limit rows. The order names columns by their table: an id that is
// selected as text would otherwise be sorted as that text, past the index.
func page(selected string, c conditions, order string, limit int) query {
	c.args = append(c.args, limit)
	text := selected
	if len(c.parts) > 0 {
		text += " where " + strings.Join(c.parts, " and ")
	}
	return query{text + " order by " + order + " limit $" + strconv.Itoa(len(c.args)), c.args}
}

// list reads a page.
func list[T any](ctx context.Context, pool *pgxpool.Pool, q query, scan pgx.RowToFunc[T]) ([]T, error) {
	rows, err := pool.Query(ctx, q.text, q.args...)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	found, err := pgx.CollectRows(rows, scan)
	return found, postgres.Translate(err)
}
