package password

import (
	"context"
	"encoding/base64"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/crypto/argon2"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHash_IsArgon2idWithTheRecommendedCosts(t *testing.T) {
	h := New(prometheus.NewRegistry())
	encoded, err := h.Hash(t.Context(), "correct horse")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$"), encoded)

	parts := strings.Split(encoded, "$")
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	require.NoError(t, err)
	require.Equal(t, parts[5], base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte("correct horse"), salt, 2, 19456, 1, 32)))

	other, err := h.Hash(t.Context(), "correct horse")
	require.NoError(t, err)
	require.NotEqual(t, encoded, other, "each hash has a salt of its own")
}

func TestVerify_AcceptsThePasswordAndNothingElse(t *testing.T) {
	h := New(prometheus.NewRegistry())
	encoded, err := h.Hash(t.Context(), "correct horse")
	require.NoError(t, err)
	for password, want := range map[string]bool{"correct horse": true, "correct horse ": false, "Correct horse": false, "": false} {
		ok, err := h.Verify(t.Context(), password, encoded)
		require.NoError(t, err)
		require.Equal(t, want, ok, "%q", password)
	}
	require.NoError(t, h.VerifyNobody(t.Context(), "anything"))
}

func TestVerify_RefusesStringsThatAreNotOurs(t *testing.T) {
	h := New(prometheus.NewRegistry())
	good := encode(recommended, random(saltSize), random(keySize))
	for _, encoded := range []string{
		"", "plain", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=19456", "m=99999999", 1), strings.Replace(good, "t=2", "t=0", 1),
		strings.Replace(good, "p=1", "p=0", 1), good + "A", good[:len(good)-4],
	} {
		_, err := h.Verify(t.Context(), "x", encoded)
		require.ErrorIs(t, err, errEncoding, "%q", encoded)
	}
}

// A flood: what runs at once is bounded, so is what waits, and the rest learns
// at once that it is too much.
func TestHasher_P38_FloodIsBounded(t *testing.T) {
	const slots, flood = 2, 150
	h := newHasher(prometheus.NewRegistry(), slots)
	var refused, hashed atomic.Int64
	var peak atomic.Uint64
	var wg sync.WaitGroup
	before := heap()
	start := make(chan struct{})
	for range flood {
		wg.Go(func() {
			<-start
			switch _, err := h.Hash(context.Background(), "correct horse"); {
			case err == nil:
				hashed.Add(1)
				peak.Store(max(peak.Load(), heap()))
			case errors.Is(err, ErrBusy):
				refused.Add(1)
			}
		})
	}
	close(start)
	wg.Wait()
	require.EqualValues(t, flood, refused.Load()+hashed.Load())
	require.Positive(t, refused.Load())
	require.GreaterOrEqual(t, hashed.Load(), int64(slots*(1+waitersPerSlot)), "the queue was used")
	require.Less(t, peak.Load(), before+200<<20, "not 19 MiB for each of the flood")
}

func TestHasher_P38_AWaiterThatGivesUpFreesItsPlace(t *testing.T) {
	h := newHasher(prometheus.NewRegistry(), 1)
	h.slots <- struct{}{} // a hash that never ends
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.Hash(ctx, "correct horse")
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, h.queue)
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
