package password

import (
	"context"
	"sync"
	"time"
)

// Caller says for whom a password is hashed, which decides who goes first when many wait.
type Caller struct {
	Network string // where the request comes from
	Known   bool   // the account has a live session in that network, or its owner is signed in
}

const (
	// waitersPerSlot bounds each of the two lines of the queue to a wait of about a second.
	waitersPerSlot = 32
	// sharePerSlot bounds what one network can have of a line: a quarter.
	sharePerSlot = waitersPerSlot / 4
	// knownInARow is how many known callers go first while others wait. Then one of the others has its turn, so that they never starve.
	knownInARow = 3
	// longestWait is for a machine that has become slow with all that waits.
	longestWait = 3 * time.Second
)

// queue hands out the slots of a hasher. Known callers and others wait in a line each, so that a full line of strangers keeps no known
// caller out.
type queue struct {
	mu            sync.Mutex
	free          int // slots that nobody has; nobody waits while there is one
	known, others line
	row           int // known callers who went first since one of the others had a turn
}

func newQueue(slots int) *queue {
	places, share := slots*waitersPerSlot, slots*sharePerSlot
	return &queue{free: slots, known: line{places: places, share: share}, others: line{places: places, share: share}}
}

// enter waits for a slot, which the caller gives back with leave. It returns ErrBusy if too many wait or if it takes too long, and the
// context's error if that ends first.
func (q *queue) enter(ctx context.Context, c Caller) error {
	l := &q.others
	if c.Known {
		l = &q.known
	}
	w := q.join(l, c.Network)
	tooLong := time.NewTimer(longestWait)
	defer tooLong.Stop()
	var err error
	select {
	case err := <-w.outcome:
		return err
	case <-tooLong.C:
		err = ErrBusy
	case <-ctx.Done():
		err = ctx.Err()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if !l.remove(w) {
		return <-w.outcome // which came in the same moment
	}
	return err
}

// join gives a caller a slot if one is free, otherwise a place in the line if there is one.
func (q *queue) join(l *line, network string) *waiter {
	q.mu.Lock()
	defer q.mu.Unlock()
	w := &waiter{network: network, outcome: make(chan error, 1)}
	switch {
	case q.free > 0:
		q.free--
		w.outcome <- nil
	case !l.join(w):
		w.outcome <- ErrBusy
	}
	return w
}

// leave gives a slot to the caller whose turn it is.
func (q *queue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if w := q.next(); w != nil {
		w.outcome <- nil
		return
	}
	q.free++
}

// next takes a caller out of the queue; nil if nobody waits.
func (q *queue) next() *waiter {
	if q.known.waiting > 0 && (q.row < knownInARow || q.others.waiting == 0) {
		q.row++
		return q.known.take()
	}
	q.row = 0
	return q.others.take()
}
