// Command warehouse-service counts stock, holds it for orders and sends it. See README.md.
package main

import (
	"context"
	"os"

	"marketplace/shared/lifecycle"
	"marketplace/warehouse-service/internal/app"
	"marketplace/warehouse-service/internal/config"
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
