package domain

import (
	"fmt"
	"slices"
	"time"
)

// SupplyStatus is where a supply stands: expected -> partially_received -> received, or cancelled before that. Cancelling
// a supply that came in part keeps what came.
type SupplyStatus string

const (
	SupplyExpected          SupplyStatus = "expected"
	SupplyPartiallyReceived SupplyStatus = "partially_received"
	SupplyReceived          SupplyStatus = "received"
	SupplyCancelled         SupplyStatus = "cancelled"
)

// Supply is goods that a supplier owes a warehouse.
type Supply struct {
	ID          string
	WarehouseID string
	Supplier    string
	ExpectedAt  *time.Time // nil when nobody said
	Status      SupplyStatus
	Lines       []SupplyLine // one per product
	CreatedAt   time.Time
	Version     int
}

// SupplySummary is a supply as a list shows it: the sums of its lines.
type SupplySummary struct {
	Supply            // without Lines
	Ordered, Received int64
}

// SupplyLine is what was ordered of a product, and what came so far.
type SupplyLine struct {
	ProductID         string
	Ordered, Received int64
}

// NewSupply returns an expected supply of the lines, those of one product taken together: ErrNoLines or ErrQuantity.
func NewSupply(id, warehouse, supplier string, expectedAt *time.Time, lines []Line) (Supply, error) {
	if err := validLines(lines); err != nil {
		return Supply{}, err
	}
	lines = merged(lines)
	if err := validLines(lines); err != nil {
		return Supply{}, err
	}
	s := Supply{ID: id, WarehouseID: warehouse, Supplier: supplier, ExpectedAt: expectedAt, Status: SupplyExpected}
	for _, l := range lines {
		s.Lines = append(s.Lines, SupplyLine{ProductID: l.ProductID, Ordered: l.Quantity})
	}
	return s, nil
}

// Receive notes that goods of the supply came in, all or a part. Nothing is received when any line is wrong:
// ErrSupplyClosed, ErrNoLines, ErrQuantity, ErrNotOnSupply, or ErrOverReceipt.
func (s Supply) Receive(lines []Line) (Supply, Outcome, error) {
	if s.closed() {
		return s, Outcome{}, ErrSupplyClosed
	}
	if err := validLines(lines); err != nil {
		return s, Outcome{}, err
	}
	next, out := s, Outcome{}
	next.Lines = slices.Clone(s.Lines)
	for _, l := range merged(lines) {
		at := slices.IndexFunc(next.Lines, func(o SupplyLine) bool { return o.ProductID == l.ProductID })
		if at < 0 {
			return s, Outcome{}, fmt.Errorf("product %s: %w", l.ProductID, ErrNotOnSupply)
		}
		line := &next.Lines[at]
		if line.Received += l.Quantity; line.Received > line.Ordered {
			return s, Outcome{}, fmt.Errorf("product %s: %w", l.ProductID, ErrOverReceipt)
		}
		key := Key{l.ProductID, s.WarehouseID}
		out.Deltas = append(out.Deltas, Delta{Key: key, OnHand: l.Quantity})
		out.Movements = append(out.Movements, Movement{Key: key, Kind: MovementSupply, Quantity: l.Quantity, Cause: s.ID})
	}
	next.Status = SupplyReceived
	if slices.ContainsFunc(next.Lines, func(l SupplyLine) bool { return l.Received < l.Ordered }) {
		next.Status = SupplyPartiallyReceived
	}
	return next, out, nil
}

// Cancel says that nothing more will come, or ErrSupplyClosed. Cancelling twice is cancelling once.
func (s Supply) Cancel() (Supply, error) {
	if s.Status == SupplyReceived {
		return s, ErrSupplyClosed
	}
	s.Status = SupplyCancelled
	return s, nil
}

func (s Supply) closed() bool { return s.Status == SupplyReceived || s.Status == SupplyCancelled }
