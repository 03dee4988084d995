package inbox

import (
	"context"
	"io"
	"time"
)

// Alone sets how long one message that is handled alone may take.
func (c *Consumer) Alone(d time.Duration) { c.alone = d }

// CleanUp makes one clean-up.
func (c *Consumer) CleanUp(ctx context.Context) error { return c.cleanUp(ctx) }

// Run is Command on a pool that is open.
func (p Parked) Run(ctx context.Context, out io.Writer, args ...string) error {
	do, err := parse(args, out)
	if err != nil {
		return err
	}
	return do(ctx, p)
}
