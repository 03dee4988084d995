package domain

import (
	"strconv"
	"strings"
	"time"
)

// lateLooks is how often an intent is still looked for, from an hour to two days after the search for it was given up.
const lateLooks = 6

// Wait is how long a payment can be left alone before the processor is asked about it, when it was asked calls times in this
// state. ok is false when nothing is to be asked: then only a message or a webhook brings it back.
func (p Payment) Wait(calls int) (wait time.Duration, ok bool) {
	switch p.State {
	case Processing:
		return 0, true
	case Called, Voiding:
		return doubling(calls, time.Second, 5*time.Minute), true
	case RequiresAction:
		// Webhooks tell at once; this is for those that are lost.
		return doubling(max(calls, 1), 30*time.Second, time.Hour), true
	case Failed, Voided:
		// Given up without an answer. A request may still have been under way.
		if p.Uncertain && p.IntentID == "" && calls < lateLooks {
			return doubling(calls+1, time.Hour, 24*time.Hour), true
		}
	}
	return 0, false
}

// Wait is how long a pending refund can be left alone when the processor was asked calls times. One that the processor has
// taken is in the hands of a bank. One that replaces a refund that failed waits longer with each that did.
func (r Refund) Wait(calls int) time.Duration {
	switch {
	case r.ProviderID != "":
		return doubling(calls, time.Second, time.Hour)
	case calls > 0:
		return doubling(calls, time.Second, 5*time.Minute)
	}
	return doubling(r.again(), 5*time.Second, time.Hour)
}

// again is how many refunds for the same cancellation failed before this one.
func (r Refund) again() int {
	_, number, ok := strings.Cut(r.Cause, ":cancelled:")
	n, err := strconv.Atoi(number)
	if !ok || err != nil || !strings.HasPrefix(r.Cause, "order:") {
		return 0
	}
	return n - 1
}

// doubling is nothing at first, then base, then twice as long each time, up to most.
func doubling(n int, base, most time.Duration) time.Duration {
	if n <= 0 {
		return 0
	}
	return min(base<<min(n-1, 20), most)
}
