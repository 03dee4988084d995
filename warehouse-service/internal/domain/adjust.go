package domain

import "strings"

// Adjustment corrects on hand after a count: something was found, lost or broken.
type Adjustment struct {
	Key
	Change int64 // never 0
	Reason string
}

// Adjust returns what the adjustment of a row does: ErrQuantity, ErrNoReason, or ErrBelowReserved when orders hold what
// would be gone. Such goods are missing from a parcel that somebody paid for: the orders have to be settled first.
func Adjust(l Level, a Adjustment) (Outcome, error) {
	switch {
	case a.Change == 0 || a.Change < -maxQuantity || a.Change > maxQuantity:
		return Outcome{}, ErrQuantity
	case strings.TrimSpace(a.Reason) == "":
		return Outcome{}, ErrNoReason
	case l.OnHand+a.Change < l.Reserved:
		return Outcome{}, ErrBelowReserved
	}
	return Outcome{
		Deltas:    []Delta{{Key: a.Key, OnHand: a.Change}},
		Movements: []Movement{{Key: a.Key, Kind: MovementAdjustment, Quantity: a.Change, Cause: a.Reason}},
	}, nil
}
