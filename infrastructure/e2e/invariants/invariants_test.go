package invariants

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/proto/events"
)

func TestAll_FifteenInvariants(t *testing.T) {
	all, err := All()
	require.NoError(t, err)
	require.Len(t, all, 15)
	for i, invariant := range all {
		require.True(t, strings.HasPrefix(invariant.Name, fmt.Sprintf("%02d_", i+1)), invariant.Name)
	}
}

// The second invariant repeats the subscription table in SQL; it must not fall behind.
func TestEveryEventIsReceived_KnowsEverySubscription(t *testing.T) {
	text, err := files.ReadFile("02_every_event_is_received.sql")
	require.NoError(t, err)
	pairs := 0
	for queue, types := range events.Subscriptions() {
		for _, eventType := range types {
			require.Contains(t, string(text), fmt.Sprintf("('%s', '%s')", eventType, queue))
			pairs++
		}
	}
	require.Equal(t, pairs, strings.Count(string(text), ".v1')"))
}
