// Command sandbox is the card processor for development and tests.
package main

import (
	"context"
	"os"

	"marketplace/payment-service/internal/sandbox"
	"marketplace/shared/lifecycle"
)

func main() {
	lifecycle.Main(func(ctx context.Context) error {
		cfg, err := sandbox.Load()
		if err != nil {
			return err
		}
		if handled, err := sandbox.Command(ctx, os.Args[1:], cfg); handled {
			return err
		}
		return lifecycle.Ended(ctx, sandbox.Run(ctx, cfg))
	})
}
