package edge

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
)

func TestLimiter_P34_EachAddressHasItsOwnBucket(t *testing.T) {
	t.Parallel()
	clock := testkit.NewClock(time.Unix(1_000_000, 0))
	limit := Rate{PerSecond: 2, Burst: 3}
	l := NewLimiter(func() Rate { return limit }, clock.Now)
	for range 3 {
		require.Zero(t, l.take("192.0.2.1"))
	}
	require.Equal(t, 500*time.Millisecond, l.take("192.0.2.1"))
	require.Zero(t, l.take("192.0.2.2"))

	clock.Advance(500 * time.Millisecond)
	require.Zero(t, l.take("192.0.2.1"))
	require.NotZero(t, l.take("192.0.2.1"))

	limit.PerSecond = 1
	require.Greater(t, l.take("192.0.2.1"), 900*time.Millisecond, "a changed limit holds at once")
}

func TestLimiter_P42_MemoryIsBounded(t *testing.T) {
	t.Parallel()
	l := NewLimiter(func() Rate { return Rate{PerSecond: 1, Burst: 1} }, time.Now)
	for i := range maxClients + 1000 {
		l.take(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255))
	}
	require.Equal(t, maxClients, l.clients.Len())
}
