package auth

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"
)

const (
	shards   = 16   // fewer goroutines meet at one lock
	perShard = 4096 // 65,536 tokens in all, about 20 MB
)

// verified is what a good token said.
type verified struct {
	identity            Identity
	issuedAt, expiresAt time.Time
}

// cache remembers verified tokens by their hash, never past their expiry. When a shard is full, an arbitrary entry goes: a token
// that is in use comes back with its next request.
type cache struct {
	age    atomic.Uint64 // how often it was cleared
	shards [shards]struct {
		sync.RWMutex
		entries map[hash]verified
	}
}

type hash = [sha256.Size]byte

func hashOf(token string) hash { return sha256.Sum256([]byte(token)) }

func newCache() *cache {
	c := &cache{}
	c.clear()
	return c
}

func (c *cache) get(key hash, now time.Time) (verified, bool) {
	s := &c.shards[key[0]%shards]
	s.RLock()
	v, ok := s.entries[key]
	s.RUnlock()
	return v, ok && now.Before(v.expiresAt)
}

// put remembers what was verified since the cache had that age. What was begun before a clear is not remembered after it.
func (c *cache) put(key hash, v verified, age uint64) {
	s := &c.shards[key[0]%shards]
	s.Lock()
	defer s.Unlock()
	if c.age.Load() != age {
		return
	}
	if len(s.entries) >= perShard {
		for old := range s.entries {
			delete(s.entries, old)
			break
		}
	}
	s.entries[key] = v
}

// clear forgets everything: a key that was withdrawn must not live on in here.
func (c *cache) clear() {
	c.age.Add(1)
	for i := range c.shards {
		s := &c.shards[i]
		s.Lock()
		s.entries = make(map[hash]verified)
		s.Unlock()
	}
}
