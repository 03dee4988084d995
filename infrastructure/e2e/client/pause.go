package client

import (
	"context"
	"time"
)

// Pause waits for d, or until ctx ends: a shopper who keeps ordering until told to stop.
func Pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
