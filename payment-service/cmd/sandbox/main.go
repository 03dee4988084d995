// Command sandbox is the card processor for development and tests.
package main

import (
	"context"

	"marketplace/payment-service/internal/sandbox"
	"marketplace/shared/lifecycle"
)

func main() {
	lifecycle.Main(func(ctx context.Context) error {
		cfg, err := sandbox.Load()
		if err != nil {
			return err
		}
		return sandbox.Run(ctx, cfg)
	})
}
