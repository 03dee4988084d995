package repository

import (
	"sync"
	"time"
)

// recent is how far back a usual look into a queue goes. Under a long snapshot, index entries of what was settled long ago cannot be
// removed, and each look would walk over all of them. A full look, every fullEvery, also finds what another replica held or
// committed late.
const (
	recent    = time.Minute
	fullEvery = 10 * time.Second
)

// looks remembers when a queue was last looked through from its beginning.
type looks struct {
	mu       sync.Mutex
	lastFull time.Time
}

// from is where the next look begins: the zero time when it is a full one.
func (l *looks) from() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.lastFull) >= fullEvery {
		return time.Time{}
	}
	return time.Now().Add(-recent)
}

// looked notes a look that found all there was from its beginning on. One that found as many as it may leaves older ones, so that
// the next is full again.
func (l *looks) looked(from time.Time, all bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from.IsZero() && all {
		l.lastFull = time.Now()
	}
}
