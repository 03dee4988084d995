package form

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParse_NestedNames(t *testing.T) {
	v, err := Parse("amount=1299&metadata[order_id]=o%201&metadata%5Bempty%5D=&payment_method_types[]=card&payment_method_types[]=link&confirm=true&created[gte]=5")
	require.Nil(t, err)
	amount, err := v.Int("amount", 0)
	require.Nil(t, err)
	require.EqualValues(t, 1299, amount)
	metadata, err := v.Metadata()
	require.Nil(t, err)
	require.Equal(t, map[string]string{"order_id": "o 1"}, metadata)
	require.Equal(t, []string{"card", "link"}, v.List("payment_method_types"))
	confirm, err := v.Bool("confirm")
	require.Nil(t, err)
	require.True(t, confirm)
	require.True(t, v.Has("created"))
	require.False(t, v.Has("create"))
}

func TestCanonical_SameParametersInAnotherSpelling(t *testing.T) {
	a, err := Parse("expand[]=x&amount=1")
	require.Nil(t, err)
	b, err := Parse("amount=1&expand%5B0%5D=x")
	require.Nil(t, err)
	require.Equal(t, a.Canonical(), b.Canonical())
	c, err := Parse("amount=2&expand%5B0%5D=x")
	require.Nil(t, err)
	require.NotEqual(t, a.Canonical(), c.Canonical())
}

func TestParse_Refusals(t *testing.T) {
	for name, encoded := range map[string]string{
		"bad escape":      "amount=%zz",
		"no text":         "description=%00",
		"no UTF-8":        "description=%ff",
		"empty name":      "=1",
		"long value":      "description=" + strings.Repeat("x", maxValue+1),
		"too many fields": strings.Repeat("a[]=1&", maxFields+1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(encoded)
			require.NotNil(t, err)
			require.Equal(t, 400, err.Status)
			require.False(t, err.Executed, "a refused form has executed nothing")
		})
	}
}

func TestOnly_NamesTheUnknownParameter(t *testing.T) {
	v, err := Parse("amount=1&metadata[a]=b&amuont=2")
	require.Nil(t, err)
	refusal := v.Only("amount", "metadata")
	require.NotNil(t, refusal)
	require.Equal(t, "parameter_unknown", refusal.Code)
	require.Equal(t, "amuont", refusal.Param)
	require.Nil(t, v.Only("amount", "metadata", "amuont"))
}

func TestReaders_Refusals(t *testing.T) {
	v, err := Parse("amount=12.5&confirm=yes&metadata[" + strings.Repeat("k", maxMetadataName+1) + "]=v")
	require.Nil(t, err)
	_, refusal := v.Int("amount", 0)
	require.Equal(t, "amount", refusal.Param)
	_, refusal = v.Bool("confirm")
	require.Equal(t, "confirm", refusal.Param)
	_, refusal = v.Metadata()
	require.Equal(t, "metadata", refusal.Param)
}

func FuzzParse(f *testing.F) {
	f.Add("metadata[a]=b&expand[]=c&expand[]=d")
	f.Fuzz(func(t *testing.T, encoded string) {
		v, err := Parse(encoded)
		if err != nil {
			return
		}
		again, err := Parse(v.Canonical())
		require.Nil(t, err)
		require.Equal(t, v.Canonical(), again.Canonical())
	})
}
