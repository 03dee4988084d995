package handler

import (
	"context"
	"sync"
	"time"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/web"
)

const (
	// maxWait is how long a request may wait for its order.
	maxWait = 30 * time.Second
	// pollEvery is how soon a waiting request learns of a change.
	pollEvery = 50 * time.Millisecond
	pollTime  = 5 * time.Second
)

// Statuses says where each of some orders stands.
type Statuses interface {
	Statuses(ctx context.Context, ids []string) (map[string]domain.Status, error)
}

// Waiting lets requests wait until an order is settled. However many wait on this replica, they share one query every
// 50 ms; while nobody waits there is none.
type Waiting struct {
	orders Statuses

	mu      sync.Mutex
	waiters map[string]map[chan struct{}]bool // by order
	polling bool
}

// NewWaiting returns a Waiting for which nobody waits yet.
func NewWaiting(orders Statuses) *Waiting {
	return &Waiting{orders: orders, waiters: map[string]map[chan struct{}]bool{}}
}

// Settled returns when the order is settled, after the wait, when ctx ends or when the process is about to stop.
func (w *Waiting) Settled(ctx context.Context, id string, wait time.Duration) {
	settled := w.join(id)
	defer w.leave(id, settled)
	over := time.NewTimer(wait)
	defer over.Stop()
	select {
	case <-settled:
	case <-over.C:
	case <-ctx.Done():
	case <-web.Stopping(ctx):
	}
}

// join adds a waiter, and starts polling with the first one.
func (w *Waiting) join(id string) chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	settled := make(chan struct{})
	if w.waiters[id] == nil {
		w.waiters[id] = map[chan struct{}]bool{}
	}
	w.waiters[id][settled] = true
	if !w.polling {
		w.polling = true
		go w.poll()
	}
	return settled
}

func (w *Waiting) leave(id string, settled chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.waiters[id], settled)
	if len(w.waiters[id]) == 0 {
		delete(w.waiters, id)
	}
}

// poll asks until nobody waits. An error is an answer that does not come: the next poll may bring it.
func (w *Waiting) poll() {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for range tick.C {
		ids := w.awaited()
		if len(ids) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), pollTime)
		statuses, err := w.orders.Statuses(ctx, ids)
		cancel()
		if err == nil {
			w.wake(statuses)
		}
	}
}

// awaited lists the orders that somebody waits for; when there are none, polling ends.
func (w *Waiting) awaited() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	ids := make([]string, 0, len(w.waiters))
	for id := range w.waiters {
		ids = append(ids, id)
	}
	w.polling = len(ids) > 0
	return ids
}

func (w *Waiting) wake(statuses map[string]domain.Status) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for id, status := range statuses {
		if !status.Settled() {
			continue
		}
		for settled := range w.waiters[id] {
			close(settled)
		}
		delete(w.waiters, id)
	}
}
