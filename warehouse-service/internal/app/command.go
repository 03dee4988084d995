package app

import (
	"context"

	"marketplace/proto/events"
	"marketplace/shared/inbox"
	"marketplace/shared/postgres"
	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/config"
	"marketplace/warehouse-service/internal/handler"
	"marketplace/warehouse-service/migrations"
)

// bodies is how people read and write the bodies of parked messages.
var bodies = inbox.Codec{ToJSON: events.ToJSON, FromJSON: handler.FromJSON}

// Command handles the commands for operators: "migrate ...", "parked ..." and "health". handled is false when args ask for none.
func Command(ctx context.Context, args []string, cfg config.Config) (handled bool, err error) {
	if handled, err = postgres.MigrateCommand(ctx, args, database(cfg.Fixed, nil), migrations.Files); handled {
		return true, err
	}
	if handled, err = inbox.Command(ctx, args, database(cfg.Fixed, nil), events.WarehouseQueue, bodies); handled {
		return true, err
	}
	return web.HealthCommand(args, cfg.ServerPort)
}
