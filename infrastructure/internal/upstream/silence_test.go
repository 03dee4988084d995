package upstream

import (
	"context"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// late sends a request of a client that runs out of time.
func (c client) late(t *testing.T, network string) error {
	t.Helper()
	ctx, cancel := context.WithCancelCause(WithClient(t.Context(), network))
	defer cancel(nil)
	defer time.AfterFunc(10*time.Millisecond, func() { cancel(context.DeadlineExceeded) }).Stop()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://any/", http.NoBody)
	require.NoError(t, err)
	_, err = c.transport.RoundTrip(r)
	require.Error(t, err)
	return err
}

// The instance of these tests says that it is ready all the time.
func TestPool_AnInstanceThatHangsForSeveralClientsIsLeftAlone(t *testing.T) {
	t.Parallel()
	backend := newBackend(t)
	_, client := newPool(t, "any", backend.server.URL)
	backend.hangs.Store(true)
	for i := range silentFor - 1 + breakerFailures {
		require.ErrorIs(t, client.late(t, strconv.Itoa(i)), context.DeadlineExceeded)
	}
	require.ErrorIs(t, client.late(t, "another"), Away)
}

func TestPool_OneClientsTimeOutsTakeNoInstanceAway(t *testing.T) {
	t.Parallel()
	backend := newBackend(t)
	_, client := newPool(t, "any", backend.server.URL)
	backend.hangs.Store(true)
	for range 10 * breakerFailures {
		require.ErrorIs(t, client.late(t, "one"), context.DeadlineExceeded)
	}
	backend.hangs.Store(false)
	require.Equal(t, http.StatusOK, client.send(t, http.MethodGet, ""))
}

func TestPool_AReplyBetweenTimeOutsShowsThatTheInstanceLives(t *testing.T) {
	t.Parallel()
	backend := newBackend(t)
	_, client := newPool(t, "any", backend.server.URL)
	for i := range 4 * breakerFailures {
		backend.hangs.Store(true)
		for j := range silentFor - 1 {
			require.ErrorIs(t, client.late(t, strconv.Itoa(i*silentFor+j)), context.DeadlineExceeded)
		}
		backend.hangs.Store(false)
		require.Equal(t, http.StatusOK, client.send(t, http.MethodGet, ""))
	}
}
