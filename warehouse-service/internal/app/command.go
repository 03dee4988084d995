package app

import (
	"context"

	"marketplace/shared/postgres"
	"marketplace/shared/web"
	"marketplace/warehouse-service/internal/config"
	"marketplace/warehouse-service/migrations"
)

// Command handles the commands for operators: "migrate ..." and "health". handled is false when args ask for none.
func Command(_ context.Context, args []string, cfg config.Config) (handled bool, err error) {
	if handled, err = postgres.MigrateCommand(args, database(cfg, nil), migrations.Files); handled {
		return true, err
	}
	return web.HealthCommand(args, cfg.ServerPort)
}
