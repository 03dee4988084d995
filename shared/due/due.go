// Package due says how far back one looks for what is due in a table that is used as a queue.
//
// Under a long snapshot, such as a backup's, PostgreSQL cannot remove the index entries of what was settled long ago, and each look from
// the beginning walks over all of them. So a usual look begins a minute ago. A full look begins at the oldest: it also finds what another
// replica held or committed late. It comes every ten seconds, or later if it takes long.
package due

import (
	"sync"
	"time"
)

// Recent is how far back a usual look goes.
const Recent = time.Minute

const (
	// Every is how often there is a full look.
	Every = 10 * time.Second
	// restPer bounds what full looks take of a connection's time to a twentieth.
	restPer = 20
	// restAtMost is for alerts, which wait a minute: they shall not see one count for longer than that.
	restAtMost = 45 * time.Second
)

// Rest is how long one rests from what is done every so often and has taken so long.
func Rest(took, every time.Duration) time.Duration { return min(max(every, restPer*took), restAtMost) }

// Looks remembers when a queue is looked through from its beginning again. Its zero value begins with a full look. Several goroutines may use
// it.
type Looks struct {
	mu       sync.Mutex
	nextFull time.Time
}

// From is where the next look begins: the zero time when it is a full one.
func (l *Looks) From() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	if !now.Before(l.nextFull) {
		return time.Time{}
	}
	return now.Add(-Recent)
}

// Looked notes that a look which began at from has found all there was, and how long it took. One that found as many as it may leaves older
// ones, and is not noted, so that the next is full again.
func (l *Looks) Looked(from time.Time, took time.Duration) {
	if from.IsZero() {
		l.next(Rest(took, Every))
	}
}

// Failed notes a look that failed: what became due meanwhile may be older than Recent when the next succeeds.
func (l *Looks) Failed() { l.next(Every) }

func (l *Looks) next(pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nextFull = time.Now().Add(pause)
}
