package app

import (
	"context"

	"marketplace/payment-service/internal/config"
	"marketplace/payment-service/internal/handler"
	"marketplace/payment-service/migrations"
	"marketplace/proto/events"
	"marketplace/shared/inbox"
	"marketplace/shared/postgres"
	"marketplace/shared/web"
)

// bodies is how people read and write the bodies of parked messages.
var bodies = inbox.Codec{ToJSON: events.ToJSON, FromJSON: handler.FromJSON}

// Command handles the commands for operators: "migrate ...", "parked ...", "refunds ..." and "health". handled is false when args ask for none.
func Command(ctx context.Context, args []string, cfg config.Config) (handled bool, err error) {
	if handled, err = postgres.MigrateCommand(ctx, args, database(cfg.Fixed, nil), migrations.Files); handled {
		return true, err
	}
	if handled, err = inbox.Command(ctx, args, database(cfg.Fixed, nil), events.PaymentQueue, bodies); handled {
		return true, err
	}
	if handled, err = refundsCommand(ctx, args, cfg); handled {
		return true, err
	}
	return web.HealthCommand(args, cfg.ServerPort)
}
