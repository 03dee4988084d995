package auth_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/fault"
)

func TestPolicy_DecidesByRole(t *testing.T) {
	seller := auth.Identity{UserID: "u2", Roles: []string{auth.RoleCustomer, auth.RoleSeller}}
	for _, c := range []struct {
		policy auth.Policy
		id     auth.Identity
		known  bool
		code   string
	}{
		{auth.Public(), auth.Identity{}, false, ""},
		{auth.Public(), seller, true, ""},
		{auth.SignedIn(), auth.Identity{}, false, "not_signed_in"},
		{auth.SignedIn(), seller, true, ""},
		{auth.AnyOf(auth.RoleAdmin), auth.Identity{}, false, "not_signed_in"},
		{auth.AnyOf(auth.RoleAdmin), seller, true, "role_missing"},
		{auth.AnyOf(auth.RoleAdmin, auth.RoleSeller), seller, true, ""},
		{auth.AnyOf(), seller, true, "role_missing"},
		{auth.Policy{}, seller, true, "role_missing"},
	} {
		err := c.policy.Allow(c.id, c.known)
		if c.code == "" {
			require.NoError(t, err, c.policy)
			continue
		}
		require.Equal(t, c.code, fault.Of(err).Code, c.policy)
	}
	require.False(t, auth.Policy{}.Valid())
	require.True(t, auth.AnyOf().Valid())
}

func TestIdentity_TravelsInTheContext(t *testing.T) {
	_, ok := auth.From(context.Background())
	require.False(t, ok)
	id, ok := auth.From(auth.With(context.Background(), shopper))
	require.True(t, ok)
	require.Equal(t, shopper, id)
}
