package repository

// Statements, for the test that asks PostgreSQL how it would run them.
const (
	LockOrders             = lockOrders
	LockOverdue            = lockOverdue
	UpdateOrders           = updateOrdersSQL
	SelectOrder            = selectOrder
	SelectItems            = selectItems
	SelectTimeline         = selectTimeline
	SelectStatuses         = selectStatuses
	ListByCustomer         = listByCustomer
	ListByCustomerAndState = listByCustomerAndState
	ListAll                = listAll
	ListByState            = listByState
	SelectKnown            = selectKnown
	SelectEvents           = selectEvents
	LockCustomer           = lockCustomer
	SelectStanding         = selectStanding
	InsertDeclines         = insertDeclines
	DeleteDeclines         = deleteDeclines
)

// Lines is for how many customers orders are being placed at this moment.
func (r *Orders) Lines() int {
	r.turns.mu.Lock()
	defer r.turns.mu.Unlock()
	return len(r.turns.lines)
}

// Placing is how many orders of a customer, for whom some are, are being placed at this moment.
func (r *Orders) Placing(customer string) int {
	r.turns.mu.Lock()
	defer r.turns.mu.Unlock()
	return r.turns.lines[customer].placing
}

// Random replaces what numbers are made of.
func (r *Orders) Random(random func() uint64) { r.random = random }
