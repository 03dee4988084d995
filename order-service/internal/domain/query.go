package domain

import "time"

// Query asks for a page of orders, the newest first.
type Query struct {
	CustomerID string // empty: everybody's
	Status     Status // empty: any
	Limit      int
	After      Position // the zero value: from the newest
}

// Position is a place in a list of orders.
type Position struct {
	PlacedAt time.Time
	ID       string
}

// Position is where the order stands in lists.
func (o Order) Position() Position { return Position{PlacedAt: o.PlacedAt, ID: o.ID} }

// Recorded is an event as it stands in an order's timeline.
type Recorded struct {
	Seq        int
	Type       string
	Source     string
	TraceID    string
	OccurredAt time.Time
	Data       []byte // as stored: JSON
}
