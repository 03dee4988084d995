package domain

import "time"

// Warehouse is a place with stock of its own.
type Warehouse struct {
	ID        string
	Code      string // short and unique, as people say it
	Name      string
	CreatedAt time.Time
	Version   int
}

// Change returns the warehouse with another code or name; nil leaves one as it is. The version tells whether anything differs.
func (w Warehouse) Change(code, name *string) Warehouse {
	next := w
	if code != nil {
		next.Code = *code
	}
	if name != nil {
		next.Name = *name
	}
	if next != w {
		next.Version++
	}
	return next
}
