package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
)

// account is somebody with a role. E-mail and password follow from it.
type account struct{ role, name string }

var accounts = []account{
	{"shopper", "Sasha Petrova"},
	{"seller", "Corner Shop & Co"},
	{"warehouse", "Wiebke Lagerhaus"},
	{"support", "Sam Okafor"},
}

func (a account) email() string    { return a.role + "@marketplace.local" }
func (a account) password() string { return "marketplace-" + a.role }

// roles are what the account may do; a shopper is what everyone is.
func (a account) roles() []string {
	if a.role == "shopper" {
		return []string{"customer"}
	}
	return []string{"customer", a.role}
}

type user struct {
	ID    string   `json:"id"`
	Email string   `json:"email"`
	Roles []string `json:"roles"`
}

// ensureAccounts sees to it that all accounts exist with their roles, and signs in those that work here (by role).
func ensureAccounts(ctx context.Context, visitor, admin *client) (map[string]*client, error) {
	staff := map[string]*client{}
	for _, a := range accounts {
		if err := a.ensure(ctx, visitor, admin); err != nil {
			return nil, fmt.Errorf("account %s: %w", a.email(), err)
		}
		if a.role != "seller" && a.role != "warehouse" {
			continue
		}
		signedIn, err := visitor.login(ctx, a.email(), a.password())
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", a.email(), err)
		}
		staff[a.role] = signedIn
	}
	return staff, nil
}

func (a account) ensure(ctx context.Context, visitor, admin *client) error {
	known, err := a.find(ctx, admin)
	if err != nil {
		return err
	}
	if known == nil {
		err := visitor.post(ctx, "/auth/register", map[string]string{
			"email": a.email(), "password": a.password(), "name": a.name,
		}, nil)
		if err != nil && !hasCode(err, "email_taken") {
			return err
		}
		if known, err = a.find(ctx, admin); err != nil {
			return err
		}
		if known == nil {
			return fmt.Errorf("registered, but not found")
		}
	}
	if sameRoles(known.Roles, a.roles()) {
		return nil
	}
	return admin.call(ctx, http.MethodPut, "/users/"+known.ID+"/roles", map[string][]string{"roles": a.roles()}, nil)
}

func (a account) find(ctx context.Context, admin *client) (*user, error) {
	found, err := all[user](ctx, admin, "/users", url.Values{"query": {a.email()}})
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(found, func(u user) bool { return u.Email == a.email() })
	if i < 0 {
		return nil, nil
	}
	return &found[i], nil
}

func sameRoles(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// login returns the client signed in as somebody.
func (c *client) login(ctx context.Context, email, password string) (*client, error) {
	var tokens struct {
		AccessToken string `json:"access_token"`
	}
	err := c.post(ctx, "/auth/login", map[string]string{"email": email, "password": password}, &tokens)
	if err != nil {
		return nil, err
	}
	signedIn := *c
	signedIn.token = tokens.AccessToken
	return &signedIn, nil
}
