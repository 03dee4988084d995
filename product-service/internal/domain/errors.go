package domain

import "errors"

// What can be wrong with a command beyond its fields.
var (
	ErrNotFound      = errors.New("no such product")
	ErrArchived      = errors.New("the product is archived")
	ErrTransition    = errors.New("the product cannot go back to a draft")
	ErrSKUTaken      = errors.New("the seller has a product with this sku")
	ErrNoCategory    = errors.New("no such category")
	ErrCategoryUsed  = errors.New("products are in the category")
	ErrCategoryTaken = errors.New("a category with this name exists")
)

// Invalid says that a field breaks a rule. Its text repeats nothing of the value.
type Invalid struct {
	Field   string // as in JSON: "price.amount"
	Message string
}

func (e Invalid) Error() string { return e.Field + " " + e.Message }
