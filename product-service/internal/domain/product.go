package domain

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"time"

	"marketplace/shared/money"
	"marketplace/shared/text"
)

// Limits of a product's fields; lengths are in characters.
const (
	MaxSKU         = 64
	MaxName        = 200
	MaxDescription = 10_000
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

// New completes a product as its seller describes it: a draft, or active at once. Its price must be one that can be paid in
// an accepted currency; otherwise the error is a PriceError.
func New(p Product, accepted money.Accepted, now time.Time) (Product, error) {
	if p.Status != Draft && p.Status != Active {
		return Product{}, Invalid{"status", "must be draft or active"}
	}
	p.Version, p.CreatedAt, p.UpdatedAt = 1, now, now
	if p.Attributes == nil {
		p.Attributes = map[string]string{}
	}
	if err := p.validate(Product{}); err != nil {
		return Product{}, err
	}
	return p, payable(p.Price, accepted)
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

// Change returns the product with the change. The version tells whether anything differs. A price that is set, or published,
// must be one that can be paid, as in New; a product whose currency was taken from the list can still be described and archived.
func (p Product) Change(c Change, accepted money.Accepted, now time.Time) (Product, error) {
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
	if err := next.validate(p); err != nil {
		return Product{}, err
	}
	if next.Price != p.Price || next.Status != p.Status {
		if err := payable(next.Price, accepted); err != nil {
			return Product{}, err
		}
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

func (p Product) validate(before Product) error {
	if !skus.MatchString(p.SKU) || len(p.SKU) > MaxSKU {
		return Invalid{"sku", fmt.Sprintf("must be letters, digits, dots, dashes and underscores, at most %d", MaxSKU)}
	}
	if p.Status != Draft && p.Status != Active {
		return Invalid{"status", "must be draft or active"}
	}
	return errors.Join(
		p.texts(before),
		price(p.Price),
	)
}

// texts checks those that differ from before: a text that was stored under an older rule does not keep the others from changing.
func (p Product) texts(before Product) error {
	var name, description, all error
	if p.Name != before.Name || before.ID == "" {
		name = written("name", p.Name, text.Rule{Min: 1, Max: MaxName})
	}
	if p.Description != before.Description {
		description = written("description", p.Description, text.Rule{Max: MaxDescription, Lines: true})
	}
	if !maps.Equal(p.Attributes, before.Attributes) {
		all = attributes(p.Attributes)
	}
	return errors.Join(name, description, all)
}

func price(m money.Money) error {
	if m.Amount < 1 {
		return Invalid{"price.amount", "must be at least 1, in minor units"}
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
		if err := errors.Join(
			written("attributes", name, text.Rule{Min: 1, Max: MaxAttribute}), written("attributes", value, text.Rule{Max: MaxValue}),
		); err != nil {
			return err
		}
	}
	return nil
}

// written checks a text that a request brought in: it is in its normal form, and within its limits.
func written(field, value string, rule text.Rule) error {
	clean, err := rule.Parse(value)
	switch {
	case err != nil:
		return Invalid{field, err.Error()}
	case clean != value:
		return Invalid{field, "must be in its normal form"}
	}
	return nil
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}
