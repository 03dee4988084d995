package password

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// occupy takes all slots of a queue, so that the next caller waits.
func occupy(t *testing.T, q *queue, slots int) {
	t.Helper()
	for range slots {
		require.NoError(t, q.enter(t.Context(), Caller{Network: "those before"}))
	}
}

// served is the callers in the order in which they got the one slot of a queue.
type served struct {
	t     *testing.T
	q     *queue
	names []string
	busy  map[string]int
}

// oneSlot is a queue whose slot is taken. It is to be used in a bubble of synctest.
func oneSlot(t *testing.T) *served {
	t.Helper()
	s := &served{t: t, q: newQueue(1), busy: map[string]int{}}
	occupy(t, s.q, 1)
	return s
}

// come lets callers of a network join the queue, one after the other.
func (s *served) come(callers int, c Caller) {
	s.t.Helper()
	for range callers {
		go func() {
			switch err := s.q.enter(s.t.Context(), c); {
			case err == nil:
				s.names = append(s.names, c.Network)
				s.q.leave()
			case errors.Is(err, ErrBusy):
				s.busy[c.Network]++
			default:
				s.t.Error(err)
			}
		}()
		synctest.Wait()
	}
}

// run gives the slot free, and each caller the next, until nobody waits.
func (s *served) run() []string {
	s.q.leave()
	synctest.Wait()
	require.Zero(s.t, s.q.known.waiting+s.q.others.waiting)
	require.Empty(s.t, s.q.known.circle)
	require.Empty(s.t, s.q.others.circle)
	require.Equal(s.t, 1, s.q.free)
	return s.names
}

func stranger(network string) Caller { return Caller{Network: network} }
func owner(network string) Caller    { return Caller{Network: network, Known: true} }

func TestQueue_P40_NetworksHaveTheirTurnsWhateverTheySend(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := oneSlot(t)
		s.come(4, stranger("many"))
		s.come(2, stranger("some"))
		s.come(1, stranger("one"))
		require.Equal(t, []string{"many", "some", "one", "many", "some", "many", "many"}, s.run())
	})
}

func TestQueue_P40_OneNetworkHasAtMostItsShare(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := oneSlot(t)
		s.come(100, stranger("flood"))
		s.come(100, owner("flood"))
		require.Equal(t, 200-2*sharePerSlot, s.busy["flood"])
		s.come(1, stranger("one"))
		s.come(1, owner("home"))
		s.run()
		require.Equal(t, map[string]int{"flood": 200 - 2*sharePerSlot}, s.busy)
		require.Equal(t, "one", s.names[7], "in the second turn of strangers")
		require.Equal(t, "home", s.names[1], "in the second turn of all")
	})
}

// Four networks fill the line with their shares. A fifth has its place all the same, and no less than they keep.
func TestQueue_P40_InAFullLineWhoHasMostMakesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := oneSlot(t)
		for i := range waitersPerSlot / sharePerSlot {
			s.come(sharePerSlot, stranger(fmt.Sprint("flood ", i)))
		}
		require.Empty(t, s.busy)
		s.come(sharePerSlot, stranger("fifth"))
		require.Equal(t, 2, s.busy["fifth"], "the others keep six or seven, the fifth has six")
		require.Equal(t, waitersPerSlot, s.q.others.waiting)
		for i := range 2 * waitersPerSlot {
			s.come(1, stranger(fmt.Sprint("single ", i)))
		}
		require.Equal(t, waitersPerSlot, len(s.q.others.circle), "as many networks as places")
		require.Equal(t, waitersPerSlot, s.q.others.waiting)
		s.run()
	})
}

func TestQueue_P40_KnownGoFirstAndStrangersDoNotStarve(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := oneSlot(t)
		s.come(3, stranger("hotel"))
		s.come(8, owner("home"))
		h, k := "hotel", "home"
		require.Equal(t, []string{k, k, k, h, k, k, k, h, k, k, h}, s.run())
	})
}

func TestQueue_P40_AFullLineOfStrangersKeepsNoKnownCallerOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := oneSlot(t)
		for i := range 2 * waitersPerSlot {
			s.come(1, stranger(fmt.Sprint("botnet ", i)))
		}
		require.Len(t, s.busy, waitersPerSlot)
		s.come(1, owner("home"))
		require.Equal(t, "home", s.run()[0])
	})
}

func TestQueue_P38_NobodyWaitsLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(1)
		occupy(t, q, 1) // by a hash that never ends
		began := time.Now()
		require.ErrorIs(t, q.enter(t.Context(), stranger("one")), ErrBusy)
		require.Equal(t, longestWait, time.Since(began))
		require.Zero(t, q.others.waiting)
	})
}

func TestQueue_P38_AWaiterThatGivesUpFreesItsPlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := oneSlot(t)
		s.come(2, stranger("many"))
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error)
		go func() { left <- s.q.enter(ctx, stranger("gone")) }()
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-left, context.Canceled)
		require.Equal(t, 2, s.q.others.waiting)
		require.Len(t, s.q.others.circle, 1)
		require.Equal(t, []string{"many", "many"}, s.run())
	})
}

// Callers of all kinds come, wait, give up and are served at once; no slot is lost and none is given twice.
func TestQueue_P38_NoSlotIsLostOrGivenTwice(t *testing.T) {
	t.Parallel()
	const slots = 3
	q := newQueue(slots)
	var running, most atomic.Int64
	var wg sync.WaitGroup
	for i := range 2000 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(2000))*time.Microsecond)
			defer cancel()
			if q.enter(ctx, Caller{Network: fmt.Sprint(i % 7), Known: i%3 == 0}) != nil {
				return
			}
			defer q.leave()
			now := running.Add(1)
			defer running.Add(-1)
			for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
			}
			<-time.After(20 * time.Microsecond) // the work
		})
	}
	wg.Wait()
	require.LessOrEqual(t, most.Load(), int64(slots))
	require.Equal(t, slots, q.free)
	require.Zero(t, q.known.waiting+q.others.waiting)
	require.Empty(t, q.known.circle)
	require.Empty(t, q.others.circle)
}
