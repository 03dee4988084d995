package domain

import (
	"fmt"
	"slices"
	"time"

	"marketplace/shared/money"
)

const (
	// MaxLines is how many lines an order can have.
	MaxLines = 100

	// MaxQuantity is how many of one product an order can have.
	MaxQuantity = 1000
)

// Placement is the command that makes an order. Prices and names come from the catalogue, never from the shopper.
type Placement struct {
	ID            string
	Number        string
	CustomerID    string
	Lines         []Line // Total is not read; two lines of one product become one
	Address       Address
	PaymentMethod string
	Accepted      money.Accepted // the currencies that the shop takes
	PlacedAt      time.Time
	Deadline      time.Time
}

// Place returns the new order with its first event, or the rule that the placement breaks.
func Place(p Placement) (Order, []Event, error) {
	lines, err := merged(p.Lines)
	if err != nil {
		return Order{}, nil, err
	}
	total, err := price(lines, p.Accepted)
	if err != nil {
		return Order{}, nil, err
	}
	if !p.Deadline.After(p.PlacedAt) {
		return Order{}, nil, ErrDeadline
	}
	placed := OrderPlaced{Order: Order{
		ID: p.ID, Number: p.Number, CustomerID: p.CustomerID,
		Lines: lines, Total: total, Address: p.Address, PaymentMethod: p.PaymentMethod,
		Status: Pending, PaymentStatus: PaymentStatusProcessing,
		PlacedAt: p.PlacedAt, Deadline: p.Deadline,
	}}
	return Fold(Order{}, placed), []Event{placed}, nil
}

// merged returns one line per product, in the order in which the shopper named them, quantities added up. The limit
// on lines is taken before merging: it bounds the work that a request can cause.
func merged(lines []Line) ([]Line, error) {
	switch {
	case len(lines) == 0:
		return nil, ErrEmptyOrder
	case len(lines) > MaxLines:
		return nil, ErrTooManyLines
	}
	out := make([]Line, 0, len(lines))
	for _, l := range lines {
		if l.Quantity < 1 || l.Quantity > MaxQuantity {
			return nil, fmt.Errorf("product %s: %w", l.ProductID, ErrQuantity)
		}
		at := slices.IndexFunc(out, func(o Line) bool { return o.ProductID == l.ProductID })
		if at < 0 {
			out = append(out, l)
			continue
		}
		if out[at].Quantity += l.Quantity; out[at].Quantity > MaxQuantity {
			return nil, fmt.Errorf("product %s: %w", l.ProductID, ErrQuantity)
		}
	}
	return out, nil
}

// price sets every line's total and returns their sum, which a card payment can be.
func price(lines []Line, accepted money.Accepted) (money.Money, error) {
	limits, ok := accepted.Limits(lines[0].UnitPrice.Currency)
	if !ok {
		return money.Money{}, TotalError{Reason: ErrCurrency, Currencies: accepted.Codes()}
	}
	var total money.Money
	for i := range lines {
		l := &lines[i]
		if l.UnitPrice.Amount <= 0 {
			return money.Money{}, fmt.Errorf("product %s: %w", l.ProductID, ErrPrice)
		}
		if l.UnitPrice.Currency != lines[0].UnitPrice.Currency {
			return money.Money{}, ErrMixedCurrencies
		}
		var err error
		if l.Total, err = l.UnitPrice.Times(l.Quantity); err != nil {
			return money.Money{}, TotalError{Reason: ErrTotalTooLarge, Limits: limits}
		}
		if total, err = total.Add(l.Total); err != nil {
			return money.Money{}, TotalError{Reason: ErrTotalTooLarge, Limits: limits}
		}
	}
	return total, payable(total, limits)
}
