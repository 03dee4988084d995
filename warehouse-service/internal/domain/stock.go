package domain

import (
	"fmt"
	"slices"
)

// Key names a stock row.
type Key struct{ ProductID, WarehouseID string }

// Level is what a stock row says.
type Level struct{ OnHand, Reserved int64 }

// Available is what can still be promised.
func (l Level) Available() int64 { return l.OnHand - l.Reserved }

// Delta changes a stock row. Rows are changed by deltas and never set, so that writers need not know each other.
type Delta struct {
	Key
	OnHand, Reserved int64
}

// MovementKind says why goods came or went.
type MovementKind string

const (
	MovementSale   MovementKind = "sale"
	MovementSupply MovementKind = "supply"
)

// Movement is an entry of the append-only ledger behind on hand: on hand is the sum of a row's movements.
type Movement struct {
	Key
	Kind     MovementKind
	Quantity int64  // negative when goods left
	Cause    string // the order's or the supply's id
}

// Stock is the rows that a batch of decisions has locked. Decisions read it, and Apply carries each one's deltas to
// the next: two orders in one batch never get the same unit.
type Stock map[Key]Level

// Apply changes the rows, or none of them: ErrStock when one would leave 0 <= reserved <= on hand. Deltas of one row are
// taken together. A row that the snapshot does not hold counts as empty.
func (s Stock) Apply(deltas ...Delta) error {
	changed := Stock{}
	for _, d := range deltas {
		l, known := changed[d.Key]
		if !known {
			l = s[d.Key]
		}
		changed[d.Key] = Level{OnHand: l.OnHand + d.OnHand, Reserved: l.Reserved + d.Reserved}
	}
	for k, l := range changed {
		if l.Reserved < 0 || l.Reserved > l.OnHand {
			return fmt.Errorf("product %s in warehouse %s: on hand %d, reserved %d: %w", k.ProductID, k.WarehouseID, l.OnHand, l.Reserved, ErrStock)
		}
	}
	for k, l := range changed {
		s[k] = l
	}
	return nil
}

// warehouses returns the ids of all warehouses in the snapshot, sorted: allocation has to come out the same every time.
func (s Stock) warehouses() []string {
	var ids []string
	for k := range s {
		ids = append(ids, k.WarehouseID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// available is what all warehouses together have of each product.
func (s Stock) available() map[string]int64 {
	sums := map[string]int64{}
	for k, l := range s {
		sums[k.ProductID] += l.Available()
	}
	return sums
}
