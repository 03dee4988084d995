package domain

import (
	"fmt"

	"marketplace/shared/money"
)

// Product is what the catalogue says about something that can be ordered.
type Product struct {
	ID, SKU, Name, SellerID string
	Price                   money.Money
	Active                  bool // only an active product can be ordered
}

// Item is one wish of a shopper: no price, no name.
type Item struct {
	ProductID string
	Quantity  int64
}

// UnavailableError means items whose product does not exist or cannot be ordered.
type UnavailableError struct {
	Positions []int // in the shopper's list, from 0
}

// Error names the positions only: what was asked for is the shopper's.
func (e *UnavailableError) Error() string { return fmt.Sprintf("no such product at %v", e.Positions) }

// Price turns wishes into lines with the catalogue's names and prices, or returns an UnavailableError.
func Price(items []Item, catalogue map[string]Product) ([]Line, error) {
	var missing []int
	lines := make([]Line, 0, len(items))
	for i, item := range items {
		p, found := catalogue[item.ProductID]
		if !found || !p.Active {
			missing = append(missing, i)
			continue
		}
		lines = append(lines, Line{
			ProductID: p.ID, SKU: p.SKU, Name: p.Name, SellerID: p.SellerID, Quantity: item.Quantity, UnitPrice: p.Price,
		})
	}
	if len(missing) > 0 {
		return nil, &UnavailableError{Positions: missing}
	}
	return lines, nil
}
