package main

import (
	"regexp"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestCatalogue_ReadsLikeAShop(t *testing.T) {
	goods, err := readCatalogue()
	require.NoError(t, err)
	require.Len(t, goods, 12)
	require.GreaterOrEqual(t, goods.size(), 200)

	sku := regexp.MustCompile(`^[A-Z0-9]+(-[A-Z0-9]+)+$`)
	names, skus, suppliers := map[string]bool{}, map[string]bool{}, map[string]bool{}
	russian := 0
	for _, c := range goods {
		require.False(t, suppliers[c.Supplier], "a supplier names one supply")
		suppliers[c.Supplier] = true
		for _, f := range c.Families {
			require.NotContains(t, f.Attributes, f.By, "%s: a variant's value would hide what is true of all", f.Name)
			require.NotContains(t, f.Attributes, "brand", f.Name)
		}
		products := c.products()
		require.GreaterOrEqual(t, len(products), 10, c.Name)
		for i, p := range products {
			require.Regexp(t, sku, p.SKU)
			require.False(t, skus[p.SKU], p.SKU)
			require.False(t, names[p.Name], p.Name)
			skus[p.SKU], names[p.Name] = true, true
			require.Greater(t, len([]rune(p.Description)), 80, p.Name)
			require.GreaterOrEqual(t, len(p.Attributes), 3, p.Name)
			require.Greater(t, p.Price.Amount, int64(200), p.SKU)
			require.Less(t, p.Price.Amount, int64(50_000), p.SKU)
			v := c.variants()[i]
			require.Equal(t, p.SKU, v.sku)
			require.Positive(t, v.stock[0]+v.stock[1], p.SKU)
			if unicode.Is(unicode.Cyrillic, []rune(p.Name)[0]) {
				russian++
			}
		}
	}
	require.GreaterOrEqual(t, russian, 15)
}

func TestVariant_APriceIsExact(t *testing.T) {
	goods, err := readCatalogue()
	require.NoError(t, err)
	require.EqualValues(t, 3490, goods[0].products()[0].Price.Amount)
	require.Equal(t, "Carbon steel frying pan, 20 cm", goods[0].products()[0].Name)
}
