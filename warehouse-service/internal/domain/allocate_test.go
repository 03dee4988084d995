package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func held(product, warehouse string, quantity int64) Reservation {
	return Reservation{Key: key(product, warehouse), Quantity: quantity, Status: Active}
}

func TestAllocate(t *testing.T) {
	for name, c := range map[string]struct {
		stock     Stock
		lines     []Line
		held      []Reservation
		shortages []Shortage
	}{
		"the one warehouse that has everything, though another comes first": {
			stock: Stock{key("a", "w1"): {OnHand: 9}, key("a", "w2"): {OnHand: 2}, key("b", "w2"): {OnHand: 2}},
			lines: []Line{{"a", 2}, {"b", 1}},
			held:  []Reservation{held("a", "w2", 2), held("b", "w2", 1)},
		},
		"the first id among equals": {
			stock: Stock{key("a", "w2"): {OnHand: 5}, key("a", "w1"): {OnHand: 1}},
			lines: []Line{{"a", 1}},
			held:  []Reservation{held("a", "w1", 1)},
		},
		"two of three warehouses": {
			stock: Stock{
				key("a", "w1"): {OnHand: 1}, key("a", "w2"): {OnHand: 2}, key("b", "w2"): {OnHand: 2}, key("c", "w3"): {OnHand: 1}, key("b", "w3"): {OnHand: 2},
			},
			lines: []Line{{"a", 2}, {"b", 2}, {"c", 1}},
			held:  []Reservation{held("a", "w2", 2), held("b", "w2", 2), held("c", "w3", 1)},
		},
		"a line is split when it must be": {
			stock: Stock{key("a", "w1"): {OnHand: 3}, key("a", "w2"): {OnHand: 5}},
			lines: []Line{{"a", 7}},
			held:  []Reservation{held("a", "w2", 5), held("a", "w1", 2)},
		},
		"what is reserved is not available": {
			stock: Stock{key("a", "w1"): {OnHand: 3, Reserved: 3}, key("a", "w2"): {OnHand: 1}},
			lines: []Line{{"a", 1}},
			held:  []Reservation{held("a", "w2", 1)},
		},
		"nor is it when a line is split": {
			stock: Stock{key("a", "w1"): {OnHand: 3, Reserved: 2}, key("a", "w2"): {OnHand: 1}},
			lines: []Line{{"a", 2}},
			held:  []Reservation{held("a", "w1", 1), held("a", "w2", 1)},
		},
		"two lines of one product are one": {
			stock: Stock{key("a", "w1"): {OnHand: 3}},
			lines: []Line{{"a", 1}, {"a", 2}},
			held:  []Reservation{held("a", "w1", 3)},
		},
		"every shortage is named, and nothing is held": {
			stock:     Stock{key("a", "w1"): {OnHand: 3, Reserved: 1}, key("a", "w2"): {OnHand: 1}, key("b", "w1"): {OnHand: 5}},
			lines:     []Line{{"a", 4}, {"b", 5}, {"c", 1}},
			shortages: []Shortage{{"a", 4, 3}, {"c", 1, 0}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, shortages := allocate(c.lines, c.stock)
			require.Equal(t, c.held, got)
			require.Equal(t, c.shortages, shortages)
		})
	}
}

func TestStock_P30_ABatchNeverSellsAUnitTwice(t *testing.T) {
	stock, sold := Stock{key("p", "w"): {OnHand: 10}}, 0
	for range 100 {
		f, out, err := Decide(New("o"), wants(Line{"p", 1}), stock)
		require.NoError(t, err)
		require.NoError(t, stock.Apply(out.Deltas...))
		if f.Status == Reserved {
			sold++
		}
	}
	require.Equal(t, 10, sold)
	require.Zero(t, stock[key("p", "w")].Available())
}

func TestStock_AppliesAllOrNothing(t *testing.T) {
	for name, deltas := range map[string][]Delta{
		"below zero":           {{Key: key("q", "w"), OnHand: 1}, {Key: key("p", "w"), OnHand: -3}},
		"reserved below zero":  {{Key: key("q", "w"), OnHand: 1}, {Key: key("p", "w"), Reserved: -2}},
		"reserved above":       {{Key: key("q", "w"), OnHand: 1}, {Key: key("p", "w"), Reserved: 2}},
		"two deltas of a row":  {{Key: key("q", "w"), OnHand: 1}, {Key: key("p", "w"), Reserved: 1}, {Key: key("p", "w"), OnHand: -1}},
		"a row that is absent": {{Key: key("p", "w"), OnHand: 1}, {Key: key("r", "w"), Reserved: 1}},
	} {
		stock := Stock{key("p", "w"): {OnHand: 2, Reserved: 1}}
		require.ErrorIs(t, stock.Apply(deltas...), ErrStock, name)
		require.Equal(t, Stock{key("p", "w"): {OnHand: 2, Reserved: 1}}, stock, name)
	}
}
