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
		c.put(last, verified{expiresAt: now.Add(time.Minute)})
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
