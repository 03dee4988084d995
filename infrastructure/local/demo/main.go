// The demo: fills an empty marketplace with a shop's worth of goods, two warehouses and an account for every role.
//
// It is a client like any other: it knows the gateway's address and the administrator's password, and uses the REST API. It
// can be run again at any time: what is there already is left alone, a run that was interrupted goes on where it
// stopped, and when there is nothing to do it ends after a few requests.
//
//	accounts ──> categories ──> products ──> warehouses ──> supplies, received
//
// Supplies come last, so that received supplies say that everything is there.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"marketplace/shared/lifecycle"
)

const (
	// patience is how long the services may take to start.
	patience = 90 * time.Second
	// deadline is for everything.
	deadline = 5 * time.Minute
	// defaultPassword is the administrator's for development.
	defaultPassword = "marketplace-admin"
	// parallel bounds the requests at one time.
	parallel = 8
)

func main() {
	lifecycle.Main(func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, deadline)
		defer cancel()
		return load(ctx, settings{
			gateway:       cmp.Or(os.Getenv("GATEWAY_URL"), "http://127.0.0.1:8080"),
			adminEmail:    cmp.Or(os.Getenv("ADMIN_EMAIL"), "admin@marketplace.local"),
			adminPassword: cmp.Or(os.Getenv("ADMIN_PASSWORD"), defaultPassword),
			say:           func(line string) { fmt.Println("   ", line) },
		})
	})
}

// settings are what the demo is told.
type settings struct {
	gateway, adminEmail, adminPassword string
	say                                func(line string)
}

// errNotDevelopment is why nothing was loaded: everybody can read the passwords of the demo's accounts.
var errNotDevelopment = errors.New("ADMIN_PASSWORD is not the one for development: this marketplace gets no accounts with public passwords")

// load brings the marketplace to the state that the catalogue describes.
func load(ctx context.Context, s settings) error {
	if s.adminPassword != defaultPassword {
		return errNotDevelopment
	}
	shop, err := readCatalogue()
	if err != nil {
		return err
	}
	visitor := newClient(s.gateway)
	if err := visitor.await(ctx, patience, "user-service", "product-service", "warehouse-service"); err != nil {
		return err
	}
	admin, err := visitor.login(ctx, s.adminEmail, s.adminPassword)
	if err != nil {
		return fmt.Errorf("signing in as the administrator: %w", err)
	}
	staff, err := ensureAccounts(ctx, visitor, admin)
	if err != nil {
		return err
	}
	depot := &depot{client: staff["warehouse"], say: s.say}
	done, err := depot.stocked(ctx, shop)
	if err != nil || done {
		if done {
			s.say(fmt.Sprintf("the catalogue is loaded: %d products in %d categories", shop.size(), len(shop)))
		}
		return err
	}
	s.say(fmt.Sprintf("%d accounts", len(accounts)))
	ids, err := ensureProducts(ctx, admin, staff["seller"], shop, s.say)
	if err != nil {
		return err
	}
	return depot.fill(ctx, shop, ids)
}
