package auth

import (
	"context"
	"slices"
)

// Roles. Everyone who is signed in is a customer.
const (
	RoleCustomer  = "customer"
	RoleSeller    = "seller"
	RoleWarehouse = "warehouse"
	RoleSupport   = "support"
	RoleAdmin     = "admin"
)

// Identity is who makes a request, as the verified token says. Roles is shared between requests: read only.
type Identity struct {
	UserID    string
	SessionID string
	Roles     []string
}

// Has says whether the identity has at least one of the roles.
func (i Identity) Has(roles ...string) bool {
	return slices.ContainsFunc(roles, func(role string) bool { return slices.Contains(i.Roles, role) })
}

type contextKey struct{}

// With returns a context that carries the identity.
func With(ctx context.Context, id Identity) context.Context {
	return context.WithValue(ctx, contextKey{}, id)
}

// From returns the identity that the context carries; false for an anonymous request.
func From(ctx context.Context) (Identity, bool) {
	id, ok := ctx.Value(contextKey{}).(Identity)
	return id, ok
}
