package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Main runs a process: SIGINT and SIGTERM cancel the context, a second signal kills. An error is printed and the
// exit status is 1. Nothing else in the process exits.
func Main(run func(ctx context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from the first signal on, the default holds again: the next one kills
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Ended is the error of a service that ran until ctx ended: that it was stopped while it still waited, for its database or its
// turn, is none. A command that was interrupted has failed, since it has not done what it was asked for.
func Ended(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
