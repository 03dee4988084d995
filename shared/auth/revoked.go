package auth

import (
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// revoked is what one process knows of the lists. It is never changed: who learns more makes another one.
type revoked struct {
	sessions entries
	users    entries
	voided   map[string]int64 // by user: tokens issued before this Unix ms
}

// entries are members of a sorted set with their scores.
type entries map[string]float64

// with is the entries with others, without those whose time is over.
func (e entries) with(found []redis.Z, now time.Time) entries {
	next := make(entries, len(e)+len(found))
	maps.Copy(next, e)
	for _, z := range found {
		next[z.Member.(string)] = z.Score
	}
	limit := float64(now.UnixMilli())
	maps.DeleteFunc(next, func(_ string, until float64) bool { return until < limit })
	return next
}

// knows says whether the entries hold all of what was found.
func (e entries) knows(found []redis.Z) bool {
	for _, z := range found {
		if e[z.Member.(string)] != z.Score {
			return false
		}
	}
	return true
}

// live counts the entries that matter still.
func (e entries) live(now time.Time) (n int64) {
	limit := float64(now.UnixMilli())
	for _, until := range e {
		if until >= limit {
			n++
		}
	}
	return n
}

// from is the score to read from: everything that was added since the last read has a higher one, if the clocks and transactions of
// its writers are not further behind than the overlap.
func (e entries) from(now time.Time) string {
	last := float64(0)
	for _, until := range e {
		last = max(last, until)
	}
	return score(max(last-float64(overlap.Milliseconds()), float64(now.UnixMilli())))
}

func score(ms float64) string { return strconv.FormatFloat(ms, 'f', 0, 64) }

// voided is from when on tokens of each user count.
func (e entries) voided() map[string]int64 {
	all := make(map[string]int64, len(e))
	for member := range e {
		user, ms, _ := strings.Cut(member, ":")
		if notBefore, err := strconv.ParseInt(ms, 10, 64); err == nil {
			all[user] = max(all[user], notBefore)
		}
	}
	return all
}
