package repository

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLookOf_IsOneForWhatPeopleCannotTellApart(t *testing.T) {
	t.Parallel()
	for _, alike := range [][]string{
		{"paypal@example.com", "раура1@example.com", "раураӏ@example.com", "paypa1@example.com", "pаypal@example.com"},
		{"support@example.com", "supp0rt@example.com", "ѕuррort@example.com"},
		{"mark@example.com", "rnark@example.com"},
		{"ann@xn--80ak6aa92e.com", "ann@apple.com", "ann@аррӏе.com"}, // all Cyrillic
		{"jose\u0301@example.com", "josé@example.com"},
	} {
		for _, other := range alike[1:] {
			require.Equal(t, lookOf(alike[0]), lookOf(other), "%q %q", alike[0], other)
		}
	}
	different := map[string]string{}
	for _, email := range []string{
		"paypal@example.com", "paypal@example.org", "paypal2@example.com", "pay.pal@example.com", "pay-pal@example.com", "jose@example.com",
		"josé@example.com", "иван@пример.рф", "ivan@example.com", "paypal@examplecom",
	} {
		require.Empty(t, different[string(lookOf(email))], email)
		different[string(lookOf(email))] = email
	}
}
