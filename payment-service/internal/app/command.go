package app

import (
	"marketplace/payment-service/internal/config"
	"marketplace/payment-service/migrations"
	"marketplace/shared/postgres"
	"marketplace/shared/web"
)

// Command handles the commands for operators: "migrate ..." and "health". handled is false when args ask for none.
func Command(args []string, cfg config.Config) (handled bool, err error) {
	if handled, err = postgres.MigrateCommand(args, database(cfg, nil), migrations.Files); handled {
		return true, err
	}
	return web.HealthCommand(args, cfg.ServerPort)
}
