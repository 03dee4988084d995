package domain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var deadline = time.Date(2026, 1, 1, 12, 15, 0, 0, time.UTC)

func key(product, warehouse string) Key { return Key{ProductID: product, WarehouseID: warehouse} }

// wants is an order for the lines.
func wants(lines ...Line) OrderPlaced {
	return OrderPlaced{Lines: lines, Deadline: deadline, Payment: []byte("envelope")}
}

// twoParcels wants one unit from each of two warehouses.
var twoParcels = wants(Line{"p", 2})

func twoWarehouses() Stock { return Stock{key("p", "w1"): {OnHand: 1}, key("p", "w2"): {OnHand: 1}} }

// after is the fulfilment of twoParcels after the inputs, none of which may be refused, and the stock then.
func after(t testing.TB, inputs ...Input) (Fulfilment, Stock) {
	t.Helper()
	f, stock := New("o"), twoWarehouses()
	for _, in := range inputs {
		next, out, err := Decide(f, in, stock)
		require.NoError(t, err)
		require.NoError(t, stock.Apply(out.Deltas...))
		f = next
	}
	return f, stock
}

func types(messages []Message) []string {
	names := []string{}
	for _, m := range messages {
		names = append(names, m.Type())
	}
	return names
}
