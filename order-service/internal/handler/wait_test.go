package handler_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/domain"
	"marketplace/order-service/internal/handler"
)

// board is where orders stand, and how often that was asked.
type board struct {
	mu      sync.Mutex
	asked   int
	settled map[string]bool
	away    bool
}

func (b *board) Statuses(_ context.Context, ids []string) (map[string]domain.Status, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.away {
		return nil, errors.New("away")
	}
	found := map[string]domain.Status{}
	for _, id := range ids {
		found[id] = domain.Pending
		if b.settled[id] {
			found[id] = domain.Confirmed
		}
	}
	return found, nil
}

func (b *board) set(change func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change()
}

func TestWaiting_AllWhoWaitShareOneQueryEvery50Milliseconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{settled: map[string]bool{}}
		w := handler.NewWaiting(b)
		var waiting sync.WaitGroup
		for i := range 500 {
			waiting.Go(func() { w.Settled(t.Context(), fmt.Sprint(i%100), 30*time.Second) })
		}
		begin := time.Now()
		time.AfterFunc(time.Second, func() {
			b.set(func() {
				for i := range 100 {
					b.settled[fmt.Sprint(i)] = true
				}
			})
		})
		waiting.Wait()
		require.LessOrEqual(t, time.Since(begin), time.Second+50*time.Millisecond)
		require.InDelta(t, 20, b.asked, 1, "one query every 50 ms, however many wait")

		asked := b.asked
		<-time.After(time.Minute)
		require.Equal(t, asked, b.asked, "nobody waits, nobody asks")
	})
}

func TestWaiting_OnlyTheOrdersThatAreSettledReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &board{settled: map[string]bool{"a": true}, away: true}
		w := handler.NewWaiting(b)
		begin := time.Now()
		ended := map[string]time.Duration{}
		var waiting sync.WaitGroup
		for _, id := range []string{"a", "b"} {
			waiting.Go(func() {
				w.Settled(t.Context(), id, 10*time.Second)
				b.set(func() { ended[id] = time.Since(begin) })
			})
		}
		time.AfterFunc(3*time.Second, func() { b.set(func() { b.away = false }) })
		waiting.Wait()
		require.InDelta(t, 3*time.Second, ended["a"], float64(50*time.Millisecond), "as soon as the database answers again")
		require.Equal(t, 10*time.Second, ended["b"], "after the wait")
		<-time.After(time.Second) // the last poll finds that nobody waits
	})
}

func TestWaiting_EndsWithTheRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := handler.NewWaiting(&board{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		w.Settled(ctx, "a", 30*time.Second)
		require.Equal(t, time.Second, time.Since(begin))
		<-time.After(time.Second) // the last poll finds that nobody waits
	})
}
