package lifecycle_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"marketplace/shared/lifecycle"
)

// journal notes what happened in which order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, line)
}

func (j *journal) part(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		<-ctx.Done()
		j.note(name)
		return ctx.Err()
	}
}

func TestGroup_P47_StopsInReverseOrder(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var j journal
	g := lifecycle.New(ctx, zerolog.Nop(), func() time.Duration { return time.Minute })
	g.OnStop("database", func(context.Context) error { j.note("database"); return nil })
	g.Go("consumer", j.part("consumer"))
	g.Go("short", func(context.Context) error { return nil })
	g.Go("http", j.part("http"))

	cancel()
	require.NoError(t, g.Wait())
	require.Equal(t, []string{"http", "consumer", "database"}, j.lines)
	require.NoError(t, g.Stop())
	require.Len(t, j.lines, 3, "a second stop does nothing")
}

func TestGroup_AFailingPartStopsTheOthersAndIsReturned(t *testing.T) {
	var j journal
	boom := errors.New("boom")
	g := lifecycle.New(t.Context(), zerolog.Nop(), func() time.Duration { return time.Minute })
	g.Go("consumer", j.part("consumer"))
	g.Go("http", func(context.Context) error { return boom })
	g.OnStop("late", func(context.Context) error { return errors.New("second failure") })

	err := g.Wait()
	require.ErrorIs(t, err, boom)
	require.ErrorContains(t, err, "http")
	require.Equal(t, []string{"consumer"}, j.lines)
}

func TestGroup_P47_TheDeadlineIsForTheWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		release := make(chan struct{})
		stuck := func(context.Context) error { <-release; return nil }
		closed := false
		g := lifecycle.New(ctx, zerolog.Nop(), func() time.Duration { return 10 * time.Second })
		g.OnStop("database", func(context.Context) error { closed = true; return nil })
		g.Go("stuck one", stuck)
		g.Go("stuck two", stuck)

		cancel()
		start := time.Now()
		err := g.Wait()
		require.ErrorIs(t, err, lifecycle.ErrGrace)
		require.ErrorContains(t, err, "stuck two")
		require.Equal(t, 10*time.Second, time.Since(start))
		require.True(t, closed, "what comes after a stuck part is stopped all the same")
		close(release)
	})
}
