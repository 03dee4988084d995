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
