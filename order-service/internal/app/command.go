package app

import (
	"context"
	"errors"
	"fmt"
	"os"

	"marketplace/order-service/internal/config"
	"marketplace/order-service/internal/handler"
	"marketplace/order-service/internal/repository"
	"marketplace/order-service/migrations"
	"marketplace/proto/events"
	"marketplace/shared/inbox"
	"marketplace/shared/outbox"
	"marketplace/shared/postgres"
	"marketplace/shared/web"
)

var (
	errUsage     = errors.New("usage: order-service [migrate ... | parked ... | health | rebuild [--check]]")
	errDifferent = errors.New("some projections are not what their events make of them")
	errBroken    = errors.New("some orders cannot be replayed: their events have to be looked at")
)

// bodies is how people read and write the bodies of parked messages.
var bodies = inbox.Codec{ToJSON: events.ToJSON, FromJSON: handler.FromJSON}

// Command handles the commands for operators: "migrate ...", "parked ...", "health" and "rebuild". handled is false without arguments.
func Command(ctx context.Context, args []string, cfg config.Config) (handled bool, err error) {
	if len(args) == 0 {
		return false, nil
	}
	if handled, err = postgres.MigrateCommand(ctx, args, database(cfg.Fixed, nil), migrations.Files); handled {
		return true, err
	}
	if handled, err = inbox.Command(ctx, args, database(cfg.Fixed, nil), events.OrderQueue, bodies); handled {
		return true, err
	}
	if handled, err = web.HealthCommand(args, cfg.ServerPort); handled {
		return true, err
	}
	switch {
	case len(args) == 1 && args[0] == "rebuild":
		return true, rebuild(ctx, cfg, true)
	case len(args) == 2 && args[0] == "rebuild" && args[1] == "--check":
		return true, rebuild(ctx, cfg, false)
	}
	return true, errUsage
}

// rebuild replays all events and names the orders whose projection differs, and those that cannot be replayed; repair
// replaces the projections.
func rebuild(ctx context.Context, cfg config.Config, repair bool) error {
	pool, err := postgres.Open(ctx, database(cfg.Fixed, nil))
	if err != nil {
		return err
	}
	defer pool.Close()
	found, err := repository.New(pool, func([]outbox.Record) {}).Rebuild(ctx, repair)
	if err != nil {
		return err
	}
	for _, id := range found.Different {
		_, _ = fmt.Fprintln(os.Stdout, id)
	}
	for _, reason := range found.Broken {
		_, _ = fmt.Fprintln(os.Stdout, reason)
	}
	_, _ = fmt.Fprintf(os.Stdout, "%d orders replayed, %d different, %d broken\n", found.Orders, len(found.Different), len(found.Broken))
	switch {
	case len(found.Broken) > 0:
		return errBroken
	case len(found.Different) > 0 && !repair:
		return errDifferent
	}
	return nil
}
