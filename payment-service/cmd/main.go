// Command payment-service charges orders and gives money back. See README.md.
package main

import (
	"context"
	"os"

	"marketplace/payment-service/internal/app"
	"marketplace/payment-service/internal/config"
	"marketplace/shared/lifecycle"
)

func main() {
	lifecycle.Main(func(ctx context.Context) error {
		cfg, err := config.Load()
		if err != nil {
			return err
		}
		if handled, err := app.Command(ctx, os.Args[1:], cfg); handled {
			return err
		}
		return lifecycle.Ended(ctx, app.Run(ctx, cfg))
	})
}
