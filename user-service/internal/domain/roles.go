package domain

import "slices"

// The roles of the marketplace; every user has RoleCustomer.
const (
	RoleCustomer  = "customer"
	RoleSeller    = "seller"
	RoleWarehouse = "warehouse"
	RoleSupport   = "support"
	RoleAdmin     = "admin"
)

// Roles lists every role there is.
func Roles() []string {
	return []string{RoleCustomer, RoleSeller, RoleWarehouse, RoleSupport, RoleAdmin}
}

// ParseRoles returns the roles sorted, without duplicates and with RoleCustomer.
func ParseRoles(roles []string) ([]string, error) {
	parsed := []string{RoleCustomer}
	for _, role := range roles {
		if !slices.Contains(Roles(), role) {
			return nil, ErrRoleUnknown
		}
		parsed = append(parsed, role)
	}
	slices.Sort(parsed)
	return slices.Compact(parsed), nil
}
