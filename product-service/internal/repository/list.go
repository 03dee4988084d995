package repository

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"marketplace/product-service/internal/domain"
	"marketplace/shared/postgres"
)

// orders are the parts of a statement that belong to a sort: its order, and what comes after a position.
var orders = map[domain.Sort]struct{ by, after string }{
	domain.Newest:   {"id desc", "id < $%d"},
	domain.Cheapest: {"price_amount, id", "(price_amount, id) > ($%d, $%d)"},
	domain.Dearest:  {"price_amount desc, id desc", "(price_amount, id) < ($%d, $%d)"},
}

// List returns a page of products without description and attributes. The text of its statement is one of a few dozen, so the driver keeps them prepared.
func (c *Catalogue) List(ctx context.Context, f domain.Filter) ([]domain.Product, error) {
	sql, args := statement(f)
	rows, err := c.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, postgres.Translate(err)
	}
	products, err := pgx.CollectRows(rows, scanSummary)
	return products, postgres.Translate(err)
}

// statement puts the parts together; every value is a parameter.
func statement(f domain.Filter) (string, []any) {
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
	if f.Currency != "" {
		conditions = append(conditions, fmt.Sprintf("price_currency = $%d", place(f.Currency)))
	}
	if f.MinPrice > 0 {
		conditions = append(conditions, fmt.Sprintf("price_amount >= $%d", place(f.MinPrice)))
	}
	if f.MaxPrice > 0 {
		conditions = append(conditions, fmt.Sprintf("price_amount <= $%d", place(f.MaxPrice)))
	}
	order := orders[f.Sort]
	switch {
	case f.After == nil:
	case f.Sort == domain.Newest:
		conditions = append(conditions, fmt.Sprintf(order.after, place(f.After.ID)))
	default:
		conditions = append(conditions, fmt.Sprintf(order.after, place(f.After.Price), place(f.After.ID)))
	}
	return fmt.Sprintf("select %s from products where %s order by %s limit $%d",
		summaryColumns, strings.Join(conditions, " and "), order.by, place(f.Limit)), args
}
