package password

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/crypto/argon2"

	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHash_IsArgon2idWithTheRecommendedCosts(t *testing.T) {
	h := New(prometheus.NewRegistry())
	encoded, err := h.Hash(t.Context(), anybody, "correct horse")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$"), encoded)

	parts := strings.Split(encoded, "$")
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	require.NoError(t, err)
	require.Equal(t, parts[5], base64.RawStdEncoding.EncodeToString(argon2.IDKey([]byte("correct horse"), salt, 2, 19456, 1, 32)))

	other, err := h.Hash(t.Context(), anybody, "correct horse")
	require.NoError(t, err)
	require.NotEqual(t, encoded, other, "each hash has a salt of its own")
}

func TestVerify_AcceptsThePasswordAndNothingElse(t *testing.T) {
	h := New(prometheus.NewRegistry())
	encoded, err := h.Hash(t.Context(), anybody, "correct horse")
	require.NoError(t, err)
	for password, want := range map[string]bool{"correct horse": true, "correct horse ": false, "Correct horse": false, "": false} {
		ok, err := h.Verify(t.Context(), anybody, password, encoded)
		require.NoError(t, err)
		require.Equal(t, want, ok, "%q", password)
	}
	require.NoError(t, h.VerifyNobody(t.Context(), anybody, "anything"))
}

func TestVerify_RefusesStringsThatAreNotOurs(t *testing.T) {
	h := New(prometheus.NewRegistry())
	good := encode(recommended, random(saltSize), random(keySize))
	for _, encoded := range []string{
		"", "plain", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=19456", "m=99999999", 1), strings.Replace(good, "t=2", "t=0", 1),
		strings.Replace(good, "p=1", "p=0", 1), good + "A", good[:len(good)-4],
	} {
		_, err := h.Verify(t.Context(), anybody, "x", encoded)
		require.ErrorIs(t, err, errEncoding, "%q", encoded)
	}
}

var anybody = Caller{Network: "somewhere"}

// cheap makes a flood affordable: 1 MiB for each hash.
var cheap = params{memory: 1024, time: 1, threads: 1}

// A flood: what runs at once is bounded, so is what waits, and the rest learns
// at once that it is too much.
func TestHasher_P38_FloodIsBounded(t *testing.T) {
	const slots, flood = 2, 300
	h := newHasher(prometheus.NewRegistry(), slots, cheap)
	var refused, hashed atomic.Int64
	var peak atomic.Uint64
	var wg sync.WaitGroup
	before := heap()
	occupy(t, h.queue, slots) // nothing runs until the whole flood is there
	for i := range flood {
		wg.Go(func() {
			c := Caller{Network: fmt.Sprint("network ", i)}
			switch _, err := h.Hash(context.Background(), c, "correct horse"); {
			case err == nil:
				hashed.Add(1)
				peak.Store(max(peak.Load(), heap()))
			case errors.Is(err, ErrBusy):
				refused.Add(1)
			}
		})
	}
	const room = slots * waitersPerSlot
	testkit.Eventually(t, longestWait, func() bool { return refused.Load() == flood-room })
	for range slots {
		h.queue.leave()
	}
	wg.Wait()
	require.EqualValues(t, room, hashed.Load(), "whoever waited was served")
	require.Less(t, peak.Load(), before+32<<20, "not 1 MiB for each of the flood")
}

func heap() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}
