// Command order-service takes orders and leads each through the saga. See README.md.
package main

import (
	"context"
	"os"

	"marketplace/order-service/internal/app"
	"marketplace/order-service/internal/config"
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
