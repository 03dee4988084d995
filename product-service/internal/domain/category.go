package domain

import "marketplace/shared/text"

const (
	// MaxCategories bounds the list, which has no pages: a shop's shelves are few.
	MaxCategories = 1000

	// MaxCategoryName is in characters.
	MaxCategoryName = 100
)

// Category is a shelf of the shop. Names differ, whatever their case.
type Category struct {
	ID      string
	Name    string
	Version int
}

// NewCategory returns a category with a valid name.
func NewCategory(id, name string) (Category, error) {
	return Category{ID: id, Name: name, Version: 1}, written("name", name, text.Rule{Min: 1, Max: MaxCategoryName})
}

// Rename returns the category under another name.
func (c Category) Rename(name string) (Category, error) {
	if name != c.Name {
		c.Name = name
		c.Version++
	}
	return c, written("name", name, text.Rule{Min: 1, Max: MaxCategoryName})
}
