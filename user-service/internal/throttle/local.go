package throttle

import (
	"sync"
	"time"
)

// maxKeys bounds each of the two tables of local; a key and its time take about
// 150 bytes.
const maxKeys = 50_000

// local counts the attempts of one process. A time that has passed says nothing,
// and none lies further ahead than the longest window: so keys live in two tables,
// the older of which is dropped after that time, or earlier when the newer one is
// full.
type local struct {
	mu       sync.Mutex
	newer    map[string]time.Time
	older    map[string]time.Time
	turnedAt time.Time
}

func newLocal() *local { return &local{newer: map[string]time.Time{}} }

// take is GCRA: whole is when the allowance would be complete again.
func (l *local) take(id string, limit Limit, now time.Time) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn(now)
	whole, ok := l.newer[id]
	if !ok {
		whole = l.older[id]
	}
	if whole.Before(now) {
		whole = now
	}
	whole = whole.Add(limit.interval())
	if ahead := whole.Sub(now); ahead > limit.window {
		return ahead - limit.window
	}
	l.newer[id] = whole
	return 0
}

func (l *local) turn(now time.Time) {
	if now.Sub(l.turnedAt) < longestWindow && len(l.newer) < maxKeys {
		return
	}
	l.older, l.newer, l.turnedAt = l.newer, map[string]time.Time{}, now
}

// giveBack makes the allowance complete by so much earlier.
func (l *local) giveBack(id string, amount time.Duration, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	whole, ok := l.newer[id]
	if !ok {
		whole = l.older[id]
	}
	delete(l.older, id)
	if whole = whole.Add(-amount); whole.After(now) {
		l.newer[id] = whole
		return
	}
	delete(l.newer, id)
}
