package web_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/auth/authtest"
)

func TestBearer_SeveralSpacesMayFollowTheScheme(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	token := s.Issuer.As(t, "u1")
	for _, good := range []string{"Bearer " + token, "Bearer    " + token, "bearer  " + token, "BEARER " + token + "  "} {
		require.Equal(t, 404, s.call(t, "GET", "/api/v1/mine", "", "Authorization", good).Status, good)
	}
	for _, bad := range []string{"Bearer" + token, "Bearer", "Bearer   ", token, "Basic " + token} {
		r := s.call(t, "GET", "/api/v1/mine", "", "Authorization", bad)
		require.Equal(t, "not_signed_in", r.problem(t).Code, bad)
	}
}

func TestPolicy_APublicRouteNeverFailsBecauseOfAToken(t *testing.T) {
	t.Parallel()
	s := newShelves(t)
	expired, err := auth.Issue(s.Issuer.Key, auth.Identity{UserID: "u1", SessionID: "s1"}, time.Now().Add(-time.Hour), time.Minute)
	require.NoError(t, err)
	for name, header := range map[string]string{
		"forged": "Bearer forged", "expired": "Bearer " + expired, "of another issuer": "Bearer " + authElsewhere(t),
		"far too long": "Bearer " + strings.Repeat("a", 9000), "another scheme": "Basic dXNlcjpwYXNz", "no token": "Bearer", "rubbish": "\xff",
	} {
		for _, route := range s.Routes() {
			path := strings.NewReplacer("{id}", anID, "{maker_id}", anID).Replace(route.Path)
			got, without := s.call(t, route.Method, path, "", "Authorization", header), s.call(t, route.Method, path, "")
			if route.Policy.NeedsToken() {
				require.Equal(t, 401, got.Status, "%s: %s", name, path)
				continue
			}
			require.Equal(t, without.Status, got.Status, "%s: %s", name, path)
			require.NotEqual(t, 401, got.Status)
		}
	}
}

// authElsewhere is a token of somebody else's.
func authElsewhere(t *testing.T) string { return authtest.New(t).As(t, "u1") }
