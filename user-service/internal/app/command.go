package app

import (
	"context"
	"os"

	"marketplace/shared/lifecycle"
	"marketplace/shared/postgres"
	"marketplace/shared/web"
	"marketplace/user-service/internal/config"
	"marketplace/user-service/migrations"
)

// Command does what the command line says: `migrate ...`, `health`, or the service.
func Command(ctx context.Context) error {
	cfg, err := config.Load()
	if err != nil {
		return err
	}
	args := os.Args[1:]
	if handled, err := web.HealthCommand(args, cfg.ServerPort); handled {
		return err
	}
	if handled, err := postgres.MigrateCommand(ctx, args, Database(cfg.Fixed, nil), migrations.Files); handled {
		return err
	}
	return lifecycle.Ended(ctx, Run(ctx, cfg))
}
