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
// exit status is 1; that a signal ended what run waited for is no error. Nothing else in the process exits.
func Main(run func(ctx context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // from the first signal on, the default holds again: the next one kills
	err := run(ctx)
	stopped := ctx.Err() != nil && errors.Is(err, context.Canceled)
	if err != nil && !stopped {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
