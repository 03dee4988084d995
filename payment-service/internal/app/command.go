package app

import (
	"context"

	"marketplace/payment-service/internal/config"
	"marketplace/payment-service/migrations"
	"marketplace/proto/events"
	"marketplace/shared/inbox"
	"marketplace/shared/postgres"
	"marketplace/shared/web"
)

// Command handles the commands for operators: "migrate ...", "parked ..." and "health". handled is false when args ask for none.
func Command(ctx context.Context, args []string, cfg config.Config) (handled bool, err error) {
	if handled, err = postgres.MigrateCommand(ctx, args, database(cfg, nil), migrations.Files); handled {
		return true, err
	}
	if handled, err = inbox.Command(ctx, args, database(cfg, nil), events.PaymentQueue); handled {
		return true, err
	}
	return web.HealthCommand(args, cfg.ServerPort)
}
