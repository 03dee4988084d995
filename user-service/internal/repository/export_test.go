package repository

// For the tests of plans.
const (
	SelectDue     = selectDue
	DeleteExpired = deleteExpired
	DeleteRevoked = deleteRevoked
	DeleteFailed  = deleteFailed
)
