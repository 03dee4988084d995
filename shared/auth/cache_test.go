package auth

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCache_IsBounded(t *testing.T) {
	c := newCache()
	now := time.Now()
	last := hashOf("")
	for i := range 2 * shards * perShard {
		last = hashOf(strconv.Itoa(i))
		c.put(last, verified{expiresAt: now.Add(time.Minute)}, c.age.Load())
	}
	total := 0
	for i := range c.shards {
		total += len(c.shards[i].entries)
	}
	require.LessOrEqual(t, total, shards*perShard)
	_, ok := c.get(last, now)
	require.True(t, ok)
	_, ok = c.get(last, now.Add(time.Minute))
	require.False(t, ok)
}

// A token may be in the middle of its verification when its key is withdrawn.
func TestCache_P36_WhatWasVerifiedBeforeAClearIsNotRememberedAfterIt(t *testing.T) {
	c := newCache()
	now, key := time.Now(), hashOf("signed with a key that is withdrawn")
	age := c.age.Load()
	c.clear()
	c.put(key, verified{expiresAt: now.Add(time.Minute)}, age)
	_, ok := c.get(key, now)
	require.False(t, ok)
	c.put(key, verified{expiresAt: now.Add(time.Minute)}, c.age.Load())
	_, ok = c.get(key, now)
	require.True(t, ok)
}
