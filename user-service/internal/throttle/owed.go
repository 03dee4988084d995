package throttle

import (
	"context"
	"maps"
	"sync"
	"time"
)

// maxOwed bounds the keys that are owed. What is more than that comes back with time, as every attempt does.
const maxOwed = 10_000

// settleWithin is the most that one key takes when nobody waits for it.
const settleWithin = time.Second

// owed is what was given back and Redis does not know yet, by key. While a key is owed something its count in Redis is too high,
// so that only the process's own count is asked.
type owed struct {
	mu   sync.Mutex
	keys map[string]time.Duration
}

func (o *owed) add(id string, amount time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.keys[id]; !ok && len(o.keys) >= maxOwed {
		return
	}
	o.keys[id] = min(o.keys[id]+amount, longestWindow)
}

func (o *owed) has(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.keys[id] > 0
}

func (o *owed) all() map[string]time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.keys)
}

// paid takes off what Redis knows now; more may have been added meanwhile.
func (o *owed) paid(id string, amount time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.keys[id] -= amount; o.keys[id] <= 0 {
		delete(o.keys, id)
	}
}

// Run tells Redis what it missed, until ctx ends and then once more.
func (l *Limiter) Run(ctx context.Context) error {
	tick := time.NewTicker(redisRest)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			l.settle(context.WithoutCancel(ctx))
			return nil
		case <-tick.C:
			l.settle(ctx)
		}
	}
}

// settle stops at the first key that Redis does not take: it is away.
func (l *Limiter) settle(ctx context.Context) {
	for id, amount := range l.owed.all() {
		bounded, cancel := context.WithTimeout(ctx, max(settleWithin, l.within))
		err := giveBack.Run(bounded, l.redis, []string{id}, amount.Microseconds()).Err()
		cancel()
		if err != nil {
			return
		}
		l.owed.paid(id, amount)
	}
}
