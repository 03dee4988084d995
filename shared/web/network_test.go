package web

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNetwork_P40_OneHouseholdIsOneCaller(t *testing.T) {
	for client, want := range map[string]string{
		"192.0.2.7":                "192.0.2.7",
		"::ffff:192.0.2.7":         "192.0.2.7",
		"2001:db8:1:2:3:4:5:6":     "2001:db8:1:2::/64",
		"2001:db8:1:2:ffff::1%eth": "2001:db8:1:2::/64",
		"2001:db8:1:3::a":          "2001:db8:1:3::/64",
		"nonsense":                 "nonsense",
		"":                         "",
	} {
		require.Equal(t, want, network(client))
	}
}
