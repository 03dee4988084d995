package service

import (
	"context"

	"marketplace/warehouse-service/internal/domain"
)

// Stock says what can still be promised of a product, and whether it has a stock row in any warehouse.
type Stock interface {
	Available(ctx context.Context, productID string) (available int64, stocked bool, err error)
}

// Products says whether the catalogue knows a product.
type Products interface {
	Known(ctx context.Context, productID string) (bool, error)
}

// Counting says how much of a product can be bought.
type Counting struct {
	Stock    Stock
	Products Products
}

// Available is what can be bought of a product; domain.ErrNoProduct when nobody knows it. The catalogue is asked only about a product
// that has no stock row: goods come in for products of the catalogue alone, so a row needs no second opinion.
func (c *Counting) Available(ctx context.Context, productID string) (int64, error) {
	available, stocked, err := c.Stock.Available(ctx, productID)
	if err != nil || stocked {
		return available, err
	}
	known, err := c.Products.Known(ctx, productID)
	if err == nil && !known {
		err = domain.ErrNoProduct
	}
	return 0, err
}
