package domain

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"marketplace/shared/money"
)

// Limits of a product's fields; lengths are in characters.
const (
	MaxSKU         = 64
	MaxName        = 200
	MaxDescription = 10_000
	MaxPrice       = 1_000_000_000_000 // minor units: a hundred lines of a thousand still fit into int64
	MaxAttributes  = 50
	MaxAttribute   = 64 // of a name
	MaxValue       = 500
)

var skus = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// Status is where a product is in its life.
type Status string

// The statuses, as doc.go draws them.
const (
	Draft    Status = "draft"
	Active   Status = "active"
	Archived Status = "archived"
)

// Product is a seller's offer.
type Product struct {
	ID          string
	SellerID    string
	SKU         string // unique for its seller
	Name        string
	Description string
	Price       money.Money
	CategoryID  string // empty: in none
	Status      Status
	Attributes  map[string]string
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// New completes a product as its seller describes it: a draft, or active at once.
func New(p Product, now time.Time) (Product, error) {
	if p.Status != Draft && p.Status != Active {
		return Product{}, Invalid{"status", "must be draft or active"}
	}
	p.Version, p.CreatedAt, p.UpdatedAt = 1, now, now
	if p.Attributes == nil {
		p.Attributes = map[string]string{}
	}
	return p, p.validate()
}

// Change is what to change; nil leaves a field as it is.
type Change struct {
	Name        *string
	Description *string
	Price       *money.Money
	CategoryID  *string
	Status      *Status
	Attributes  *map[string]string // replaces all
}

// Change returns the product with the change. The version tells whether anything differs.
func (p Product) Change(c Change, now time.Time) (Product, error) {
	if p.Status == Archived {
		return Product{}, ErrArchived
	}
	next := p
	set(&next.Name, c.Name)
	set(&next.Description, c.Description)
	set(&next.Price, c.Price)
	set(&next.CategoryID, c.CategoryID)
	set(&next.Status, c.Status)
	set(&next.Attributes, c.Attributes)
	switch {
	case next.Status == Archived:
		return Product{}, Invalid{"status", "is set to archived by deleting the product"}
	case p.Status == Active && next.Status == Draft:
		return Product{}, ErrTransition
	}
	if err := next.validate(); err != nil {
		return Product{}, err
	}
	if next.equal(p) {
		return p, nil
	}
	return next.stamped(now), nil
}

// Archive takes the product off the market. Archiving twice changes nothing.
func (p Product) Archive(now time.Time) Product {
	if p.Status == Archived {
		return p
	}
	p.Status = Archived
	return p.stamped(now)
}

// VisibleTo says whether the user may see that the product exists. A draft is its seller's; privileged sees all.
func (p Product) VisibleTo(userID string, privileged bool) bool {
	return p.Status != Draft || p.EditableBy(userID, privileged)
}

// EditableBy says whether the user may change the product.
func (p Product) EditableBy(userID string, privileged bool) bool {
	return privileged || (userID != "" && userID == p.SellerID)
}

func (p Product) stamped(now time.Time) Product {
	p.Version++
	p.UpdatedAt = now
	return p
}

func (p Product) equal(q Product) bool {
	return p.Name == q.Name && p.Description == q.Description && p.Price == q.Price && p.CategoryID == q.CategoryID &&
		p.Status == q.Status && maps.Equal(p.Attributes, q.Attributes)
}

func (p Product) validate() error {
	if !skus.MatchString(p.SKU) || len(p.SKU) > MaxSKU {
		return Invalid{"sku", fmt.Sprintf("must be letters, digits, dots, dashes and underscores, at most %d", MaxSKU)}
	}
	if p.Status != Draft && p.Status != Active {
		return Invalid{"status", "must be draft or active"}
	}
	return errors.Join(
		text("name", p.Name, 1, MaxName),
		text("description", p.Description, 0, MaxDescription),
		price(p.Price),
		attributes(p.Attributes),
	)
}

func price(m money.Money) error {
	if m.Amount < 1 || m.Amount > MaxPrice {
		return Invalid{"price.amount", fmt.Sprintf("must be from 1 to %d, in minor units", int64(MaxPrice))}
	}
	if m.Validate() != nil {
		return Invalid{"price.currency", "must be a currency code of ISO 4217"}
	}
	return nil
}

func attributes(all map[string]string) error {
	if len(all) > MaxAttributes {
		return Invalid{"attributes", fmt.Sprintf("must be at most %d", MaxAttributes)}
	}
	for name, value := range all {
		if err := errors.Join(text("attributes", name, 1, MaxAttribute), text("attributes", value, 0, MaxValue)); err != nil {
			return err
		}
	}
	return nil
}

// text checks a text's length, and that a required one says something.
func text(field, value string, least, most int) error {
	n := utf8.RuneCountInString(value)
	switch {
	case n > most:
		return Invalid{field, fmt.Sprintf("must have at most %d characters", most)}
	case strings.ContainsRune(value, 0) || !utf8.ValidString(value):
		return Invalid{field, "must be plain text"}
	case least > 0 && strings.TrimSpace(value) == "":
		return Invalid{field, "must not be blank"}
	}
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
