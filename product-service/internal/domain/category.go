package domain

// MaxCategoryName is in characters.
const MaxCategoryName = 100

// Category is a shelf of the shop. Names differ, whatever their case.
type Category struct {
	ID      string
	Name    string
	Version int
}

// NewCategory returns a category with a valid name.
func NewCategory(id, name string) (Category, error) {
	return Category{ID: id, Name: name, Version: 1}, text("name", name, 1, MaxCategoryName)
}

// Rename returns the category under another name.
func (c Category) Rename(name string) (Category, error) {
	if name != c.Name {
		c.Name = name
		c.Version++
	}
	return c, text("name", name, 1, MaxCategoryName)
}
