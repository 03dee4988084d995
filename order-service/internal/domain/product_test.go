package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestPrice_TakesEverythingFromTheCatalogue(t *testing.T) {
	catalogue := map[string]Product{
		"a": {ID: "a", SKU: "A-1", Name: "Lamp", SellerID: "s", Price: usd(500), Active: true},
		"b": {ID: "b", Price: usd(1), Active: false},
	}
	lines, err := Price([]Item{{"a", 2}, {"a", 1}}, catalogue)
	require.NoError(t, err)
	require.Equal(t, Line{ProductID: "a", SKU: "A-1", Name: "Lamp", SellerID: "s", Quantity: 2, UnitPrice: usd(500)}, lines[0])
	require.Len(t, lines, 2, "merging is Place's")

	_, err = Price([]Item{{"b", 1}, {"a", 1}, {"unknown", 1}}, catalogue)
	var unavailable *UnavailableError
	require.ErrorAs(t, err, &unavailable)
	require.Equal(t, []int{0, 2}, unavailable.Positions)
	require.NotContains(t, err.Error(), "unknown")
}
