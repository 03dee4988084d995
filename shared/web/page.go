package web

// Page is the paging part of a list's input; embed it.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many items at most"`
	Cursor string `query:"cursor" doc:"next_cursor of the reply before, with the same filters"`
}

// cursor is for NewCursor.
func (p Page) cursor() string { return p.Cursor }

// List is the body of a list.
type List[T any] struct {
	Items      []T    `json:"items"`
	NextCursor string `json:"next_cursor,omitempty" doc:"Where the next page begins; absent on the last"`
}

// NewList is a list of items that never encodes as null.
func NewList[T any](items []T, next string) List[T] {
	if items == nil {
		items = []T{}
	}
	return List[T]{Items: items, NextCursor: next}
}

// PageOf is the page of rows that were read with one more than the limit, which says whether there is a next page. key is the sort
// key of a row.
func PageOf[Row, Shape, Key any](c Cursor[Key], rows []Row, limit int, shape func(Row) Shape, key func(Row) Key) List[Shape] {
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = c.Encode(key(rows[limit-1]))
	}
	items := make([]Shape, len(rows))
	for i, row := range rows {
		items[i] = shape(row)
	}
	return NewList(items, next)
}
