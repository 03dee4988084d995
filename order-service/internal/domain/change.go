package domain

// Change is an input on its way to one order, and where it comes from.
type Change struct {
	OrderID   string
	Input     Input
	Source    string // who says so, for the timeline: customer, support, deadline or a service's name
	MessageID string // of the message that brought it; empty for a command
	Trace     string // the trace that it belongs to, as W3C traceparent; empty without one
}

// Outcome is what became of an order, and by what. No events mean that nothing changed.
type Outcome struct {
	Order  Order
	Events []Event
}

// Sources of changes that come from no other service.
const (
	SourceCustomer = "customer"
	SourceSupport  = "support"
	SourceDeadline = "deadline"
)
