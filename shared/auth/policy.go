package auth

import (
	"slices"
	"strings"

	"marketplace/shared/fault"
)

// Policy says who may call a route. Whose objects they may touch is the handler's question.
type Policy struct {
	access access
	roles  []string
}

type access uint8

const (
	undecided access = iota
	public
	signedIn
	byRole
)

var (
	errSignedOut = fault.New(fault.Unauthenticated, "not_signed_in", "Sign in first.")
	errForbidden = fault.New(fault.Forbidden, "role_missing", "Your account is not allowed to do this.")
)

// Public lets everybody in; an identity is known if a valid token came along.
func Public() Policy { return Policy{access: public} }

// SignedIn asks for a valid token.
func SignedIn() Policy { return Policy{access: signedIn} }

// AnyOf asks for a token with at least one of the roles. Without roles nobody gets in.
func AnyOf(roles ...string) Policy { return Policy{access: byRole, roles: slices.Clone(roles)} }

// Valid is false for the zero Policy: nobody has decided yet.
func (p Policy) Valid() bool { return p.access != undecided }

// NeedsToken says whether an anonymous request is refused.
func (p Policy) NeedsToken() bool { return p.access != public }

// Roles are those of which one is needed; none for a policy that asks for no role.
func (p Policy) Roles() []string { return slices.Clone(p.roles) }

// Allow returns nil, a 401 or a 403 fault for the identity; known says whether there is one.
func (p Policy) Allow(id Identity, known bool) error {
	switch {
	case p.access == public:
		return nil
	case !known:
		return errSignedOut
	case p.access == signedIn, p.access == byRole && id.Has(p.roles...):
		return nil
	default:
		return errForbidden
	}
}

// String is for tables of routes.
func (p Policy) String() string {
	switch p.access {
	case public:
		return "public"
	case signedIn:
		return "signed in"
	case byRole:
		return strings.Join(p.roles, ", ")
	default:
		return "undecided"
	}
}
