package domain

// Change is an input on its way to the fulfilment of one order, and where it comes from.
type Change struct {
	OrderID   string
	Input     Input
	MessageID string // of the message that brought it; empty for a command
	Trace     string // the trace that it belongs to, as W3C traceparent; empty without one
}

// Products are the products of which a change may take stock.
func (c Change) Products() (ids []string) {
	if placed, ok := c.Input.(OrderPlaced); ok {
		for _, l := range placed.Lines {
			ids = append(ids, l.ProductID)
		}
	}
	return ids
}

// FreesStock says whether a change may give back or send what its order holds.
func (c Change) FreesStock() bool {
	switch c.Input.(type) {
	case OrderCancelled, OrderCancelRequested, Dispatch:
		return true
	}
	return false
}
