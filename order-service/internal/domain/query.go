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

// Summary is an order as a list shows it.
type Summary struct {
	Order       // without Lines
	Units int64 // the sum of the lines' quantities
}

// Recorded is an event as it stands in an order's timeline.
type Recorded struct {
	Seq        int
	Type       string
	Source     string
	TraceID    string
	OccurredAt time.Time
	Data       []byte // as stored, without what the order itself shows: JSON
}
