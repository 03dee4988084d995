package repository

import (
	"context"
	"sync"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/idempotency"
)

// turns lets one order of each customer be placed at a time in this process. Whoever waits for their turn has no connection, so
// that one customer's orders, however many come at once, leave the pool to others: only one of them is in a transaction, where it
// may wait for lockCustomer while another replica has it.
type turns struct {
	mu    sync.Mutex
	lines map[string]*line // by customer; those with nobody in them are removed
}

// line is where the orders of one customer wait. All but turn is guarded by turns.mu.
type line struct {
	placing int             // orders that wait or have their turn
	keys    map[string]bool // their idempotency keys
	turn    chan struct{}   // holds one token, which is taken in the order in which they came
}

func newTurns() *turns { return &turns{lines: map[string]*line{}} }

// take waits for the turn of a shopper's order and returns what ends it. An order whose key waits or has its turn already is
// refused, as is one that the shopper's limits do not let wait.
func (t *turns) take(ctx context.Context, by domain.Shopper, key string) (end func(), err error) {
	l, err := t.join(by, key)
	if err != nil {
		return nil, err
	}
	select {
	case <-l.turn:
		return func() {
			l.turn <- struct{}{}
			t.leave(l, by, key)
		}, nil
	case <-ctx.Done():
		t.leave(l, by, key)
		return nil, ctx.Err()
	}
}

func (t *turns) join(by domain.Shopper, key string) (*line, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	l := t.lines[by.CustomerID]
	if l == nil {
		l = &line{keys: map[string]bool{}, turn: make(chan struct{}, 1)}
		l.turn <- struct{}{}
		t.lines[by.CustomerID] = l
	}
	if l.keys[key] {
		return nil, idempotency.ErrInProgress
	}
	if err := by.Limits.AdmitBehind(l.placing); err != nil {
		return nil, err
	}
	l.placing++
	if key != "" {
		l.keys[key] = true
	}
	return l, nil
}

func (t *turns) leave(l *line, by domain.Shopper, key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(l.keys, key)
	if l.placing--; l.placing == 0 {
		delete(t.lines, by.CustomerID)
	}
}
