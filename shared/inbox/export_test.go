package inbox

import (
	"context"
	"io"
	"time"
)

// The statements that look for messages which are not done.
const (
	Claim       = claim
	CountParked = countParked
	ListParked  = listParked

	AcceptRows    = accept
	ExpiredInbox  = expiredInbox
	ExpiredParked = expiredParked
)

// Alone sets how long one message that is handled alone may take.
func (c *Consumer) Alone(d time.Duration) { c.alone = d }

// CleanUp makes one clean-up.
func (c *Consumer) CleanUp(ctx context.Context) error { return c.cleanUp(ctx) }

// Run is Command on a pool that is open.
func (p Parked) Run(ctx context.Context, codec Codec, out io.Writer, args ...string) error {
	do, err := terminal{codec, out}.parse(args)
	if err != nil {
		return err
	}
	return sentence(do(ctx, p))
}
