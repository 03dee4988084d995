package domain

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	products   = []string{"a", "b", "c"}
	warehouses = []string{"w1", "w2", "w3"}
)

// house is a warehouse with its ledger, as the repository keeps it.
type house struct {
	stock  Stock
	ledger []Movement
	orders map[string]Fulfilment
	supply Supply
}

// Orders and supplies in any order: invariants 4 to 6 of the promises hold after every step.
func TestWarehouse_P30_AnySequenceKeepsTheInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := house{stock: Stock{}, orders: map[string]Fulfilment{}}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			out, err := h.step(t)
			if err != nil {
				require.Zero(t, out, "what is refused changes nothing")
				continue
			}
			require.NoError(t, h.stock.Apply(out.Deltas...))
			h.ledger = append(h.ledger, out.Movements...)
			h.holds(t)
		}
	})
}

func (h *house) step(t *rapid.T) (Outcome, error) {
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0:
		s, err := NewSupply("s", rapid.SampledFrom(warehouses).Draw(t, "warehouse"), "Acme", nil, lines(t))
		h.supply = s
		return Outcome{}, err
	case 1:
		next, out, err := h.supply.Receive(lines(t))
		h.supply = next
		return out, err
	}
	id := fmt.Sprint(rapid.IntRange(1, 4).Draw(t, "order"))
	f, known := h.orders[id]
	if !known {
		f = New(id)
	}
	n := rapid.IntRange(1, 3).Draw(t, "shipment")
	in := rapid.SampledFrom([]Input{wants(lines(t)...), OrderConfirmed{}, OrderCancelRequested{}, OrderCancelled{}, Dispatch{Shipment: n}, Deliver{Shipment: n}}).Draw(t, "input")
	next, out, err := Decide(f, in, h.stock)
	h.orders[id] = next
	if f.Status == Dispatched {
		require.Equal(t, Dispatched, next.Status, "there is no way back")
	}
	return out, err
}

func lines(t *rapid.T) []Line {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Line {
		return Line{rapid.SampledFrom(products).Draw(t, "product"), rapid.Int64Range(1, 6).Draw(t, "quantity")}
	}), 1, 4).Draw(t, "lines")
}

func (h *house) holds(t *rapid.T) {
	onHand, reserved := map[Key]int64{}, map[Key]int64{}
	for _, m := range h.ledger {
		onHand[m.Key] += m.Quantity
	}
	for _, f := range h.orders {
		rows := map[Key]bool{}
		for _, r := range f.Reservations {
			require.False(t, rows[r.Key], "one reservation per order and row")
			require.Positive(t, r.Quantity)
			rows[r.Key] = true
			if r.Status == Active {
				reserved[r.Key] += r.Quantity
			}
		}
	}
	for k, l := range h.stock {
		require.Equal(t, onHand[k], l.OnHand, "on hand is the sum of the movements")
		require.Equal(t, reserved[k], l.Reserved, "reserved is the sum of the held reservations")
		require.GreaterOrEqual(t, l.Reserved, int64(0))
		require.LessOrEqual(t, l.Reserved, l.OnHand)
	}
}
