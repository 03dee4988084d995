// The gateway: the marketplace's one door. See internal/proxy for what it does.
package main

import (
	"context"
	"os"

	"marketplace/infrastructure/internal/app"
	"marketplace/infrastructure/internal/config"
	"marketplace/shared/lifecycle"
	"marketplace/shared/web"
)

func main() {
	lifecycle.Main(func(ctx context.Context) error {
		cfg, err := config.Load()
		if err != nil {
			return err
		}
		if handled, err := web.HealthCommand(os.Args[1:], cfg.ServerPort); handled {
			return err
		}
		return lifecycle.Ended(ctx, app.Run(ctx, cfg))
	})
}
