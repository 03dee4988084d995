package idempotency

// The statements of a look-up and of the cleaning.
const (
	LookupRow = lookup
	Expired   = expired
)
