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
)
