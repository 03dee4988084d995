package repository

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"marketplace/shared/postgres"

	"marketplace/product-service/internal/domain"
)

// Sort is the order of a list. Each has its index.
type Sort string

// The orders. Ids grow with time, so that the newest have the largest.
const (
	Newest   Sort = "newest"
	Cheapest Sort = "price"
	Dearest  Sort = "-price"
)

// orders are the parts of a statement that belong to a sort: its order, and what comes after a position.
var orders = map[Sort]struct{ by, after string }{
	Newest:   {"id desc", "id < $%d"},
	Cheapest: {"price_amount, id", "(price_amount, id) > ($%d, $%d)"},
	Dearest:  {"price_amount desc, id desc", "(price_amount, id) < ($%d, $%d)"},
}

// Filter says which products to list, and in which order.
type Filter struct {
	CategoryID string // empty: any
	SellerID   string // empty: any
	All        bool   // in every status; otherwise active ones only
	Sort       Sort
	After      *Position // the last product of the page before
	Limit      int
}

// Position is where a product stands in every order.
type Position struct {
	ID    string
	Price int64
}

// List returns a page. The text of its statement is one of a few dozen, so the driver keeps them prepared.
func (c *Catalogue) List(ctx context.Context, f Filter) ([]domain.Product, error) {
	sql, args := f.statement()
	rows, err := c.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	products, err := pgx.CollectRows(rows, scanProduct)
	return products, postgres.Translate(err)
}

// statement puts the parts together; every value is a parameter.
func (f Filter) statement() (string, []any) {
	conditions, args := []string{"true"}, []any(nil)
	place := func(value any) int {
		args = append(args, value)
		return len(args)
	}
	if !f.All {
		conditions = append(conditions, "status = 'active'")
	}
	if f.CategoryID != "" {
		conditions = append(conditions, fmt.Sprintf("category_id = $%d", place(f.CategoryID)))
	}
	if f.SellerID != "" {
		conditions = append(conditions, fmt.Sprintf("seller_id = $%d", place(f.SellerID)))
	}
	order := orders[f.Sort]
	switch {
	case f.After == nil:
	case f.Sort == Newest:
		conditions = append(conditions, fmt.Sprintf(order.after, place(f.After.ID)))
	default:
		conditions = append(conditions, fmt.Sprintf(order.after, place(f.After.Price), place(f.After.ID)))
	}
	return fmt.Sprintf("select %s from products where %s order by %s limit $%d",
		productColumns, strings.Join(conditions, " and "), order.by, place(f.Limit)), args
}
