package sandbox

import (
	"context"

	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/shared/postgres"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
)

// Command handles the commands for operators: "migrate ..." and "health". handled is false when args ask for none.
func Command(ctx context.Context, args []string, cfg Config) (handled bool, err error) {
	if handled, err = postgres.MigrateCommand(ctx, args, database(cfg, nil), store.Migrations()); handled {
		return true, err
	}
	return web.HealthCommand(args, cfg.ServerPort)
}

func database(cfg Config, tel *telemetry.Telemetry) postgres.Config {
	return postgres.Config{URL: cfg.DatabaseURL.Reveal(), Schema: "sandbox", MaxConns: cfg.MaxConns, Telemetry: tel}
}
