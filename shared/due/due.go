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
	// restAtMost is below the minute for which an alert's condition must hold, so that one old count cannot raise an alert.
	restAtMost = 45 * time.Second
)

// Rest is the pause before the next run of a job that usually runs every `every` and whose last run took `took`.
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

// Looked is told that a look which began at from has found all that was due, and how long it took. It is not called after a look that
// reached its limit, because older rows may be left: the next look is then full again.
func (l *Looks) Looked(from time.Time, took time.Duration) {
	if from.IsZero() {
		l.next(Rest(took, Every))
	}
}

// Failed is told that a look failed. The next full look comes soon, because rows that became due meanwhile may be older than Recent.
func (l *Looks) Failed() { l.next(Every) }

func (l *Looks) next(pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.nextFull = time.Now().Add(pause)
}
