package rabbit_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/rabbit"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
	"marketplace/shared/testkit/servers"
)

// One broker goes through it all: starting one takes longer than the rest.
func TestSession_P5_P6_P7_ABrokerThatIsFrozenAndKilledUnderLoad(t *testing.T) {
	t.Parallel()
	broker := servers.Rabbit(t)
	s := start(t, broker.URL, telemetry.Nop())
	got := newInbox()
	background(t, func(ctx context.Context) error { return s.Consume(ctx, queue, 20, got.take) })
	warm := messages(10, "thing.made")
	requireAll(t, s.Publish(t.Context(), warm))
	got.awaitAll(t, warm)

	// P7: frozen. Sockets stay open; publishing has a deadline all the same.
	broker.Freeze(t)
	testkit.Eventually(t, 30*time.Second, func() bool { // the signal takes a moment
		began := time.Now()
		results := s.Publish(t.Context(), messages(10, "thing.made"))
		require.Less(t, time.Since(began), 8*time.Second)
		return results[9] != nil
	})
	broker.Thaw(t)
	confirmed := publishUntil(t, s, 1)

	// P5, P6: killed while messages are on their way, and away for a while.
	loading, stop := context.WithCancel(t.Context())
	loaded := make(chan []rabbit.Message)
	go func() { loaded <- publishAll(loading, s) }()
	testkit.Eventually(t, time.Minute, func() bool { return len(got.snapshot()) > 200 })
	broker.Kill(t)
	testkit.Eventually(t, time.Minute, func() bool { return s.Healthy() != nil })
	broker.Start(t)
	confirmed = append(confirmed, publishUntil(t, s, 50)...)
	stop()
	confirmed = append(confirmed, <-loaded...)
	got.awaitAll(t, confirmed)
	require.NoError(t, s.Healthy())
}

func TestSession_P8_ABrokerOutOfMemoryIsReportedAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	broker := servers.Rabbit(t, "vm_memory_high_watermark.absolute = 1MB")
	s := start(t, broker.URL, telemetry.Nop())
	first := s.Publish(t.Context(), messages(1, "thing.made"))
	require.Error(t, first[0], "not confirmed")
	testkit.Eventually(t, time.Minute, func() bool { return errors.Is(s.Healthy(), rabbit.ErrBlocked) })
	began := time.Now()
	for _, err := range s.Publish(t.Context(), messages(300, "thing.made")) {
		require.ErrorIs(t, err, rabbit.ErrBlocked)
	}
	require.Less(t, time.Since(began), 4*time.Second, "less than the deadline of one window")
}

// publishUntil publishes until n messages are confirmed and returns those.
func publishUntil(t *testing.T, s *rabbit.Session, n int) []rabbit.Message {
	t.Helper()
	var confirmed []rabbit.Message
	testkit.Eventually(t, time.Minute, func() bool {
		window := messages(10, "thing.made")
		confirmed = append(confirmed, only(window, s.Publish(t.Context(), window))...)
		return len(confirmed) >= n
	})
	return confirmed
}

// publishAll publishes without pause until ctx ends and returns what was confirmed.
func publishAll(ctx context.Context, s *rabbit.Session) []rabbit.Message {
	var confirmed []rabbit.Message
	for ctx.Err() == nil {
		window := messages(100, "thing.made")
		confirmed = append(confirmed, only(window, s.Publish(ctx, window))...)
	}
	return confirmed
}

func only(window []rabbit.Message, results []error) []rabbit.Message {
	var confirmed []rabbit.Message
	for i, err := range results {
		if err == nil {
			confirmed = append(confirmed, window[i])
		}
	}
	return confirmed
}

func (b *inbox) snapshot() map[string]int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.count)
}
