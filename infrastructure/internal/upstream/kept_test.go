package upstream

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A kept connection may end just when the next request is sent on it, however carefully an instance stops. What may be
// repeated goes to another instance; what may not is not.
func TestTransport_P47_AKeptConnectionThatEndsFailsNothingRepeatable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method, body, key string
		repeated                bool
	}{
		{"read", http.MethodGet, "", "", true},
		{"change with a key", http.MethodPost, "x", "k", true},
		{"change without one", http.MethodPost, "x", "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			stopping, other := newBackend(t), newBackend(t)
			pool, client := newPool(t, "any", stopping.server.URL)
			require.Equal(t, http.StatusOK, client.send(t, http.MethodGet, "")) // its connection is kept
			require.NoError(t, stopping.server.Listener.Close())
			stopping.breaks.Store(true)
			pool.set([]string{stopping.addr(), other.addr()})

			var failed error
			for range 2 { // one of them goes to the instance that stops first
				r, err := http.NewRequestWithContext(t.Context(), c.method, "http://any/", strings.NewReader(c.body))
				require.NoError(t, err)
				if c.key != "" {
					r.Header.Set("Idempotency-Key", c.key)
				}
				reply, err := client.transport.RoundTrip(r)
				if err != nil {
					failed = err
					continue
				}
				require.NoError(t, reply.Body.Close())
				require.Equal(t, http.StatusOK, reply.StatusCode)
			}
			require.EqualValues(t, 2, stopping.seen.Load(), "the one that broke has reached it")
			if c.repeated {
				require.NoError(t, failed)
				require.EqualValues(t, 2, other.seen.Load())
			} else {
				require.ErrorIs(t, failed, Broken)
				require.EqualValues(t, 1, other.seen.Load())
			}
		})
	}
}
