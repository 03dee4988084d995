package domain

import (
	"strconv"
	"strings"
	"time"
)

// wait says when a payment is due that nobody asks about at this moment.
func (r Rules) wait(p Payment) Next {
	a := p.Asking
	switch p.State {
	case Processing:
		return dueIn(0)
	case Called, Voiding:
		return dueIn(doubling(a.Calls, time.Second, seldom(a.Marked)))
	case RequiresAction:
		// Webhooks tell at once; this is for those that are lost, and for the end of the shopper's time.
		look := doubling(max(a.Calls, 1), 30*time.Second, time.Hour)
		return dueIn(min(look, max(r.AuthenticationTime-a.Entered, 0)))
	}
	return never()
}

// seldom is how far apart the questions about a payment are at most: the older it is, the longer.
func seldom(age time.Duration) time.Duration {
	return min(max(age/8, 5*time.Minute), 24*time.Hour)
}

// Wait is how long a pending refund can be left alone when the processor was asked calls times. One that the processor has
// taken is in the hands of a bank. One that replaces a refund that failed waits longer with each that did.
func (r Refund) Wait(calls int) time.Duration {
	switch {
	case r.ProviderID != "":
		return doubling(calls, time.Second, time.Hour)
	case calls > 0:
		return doubling(calls, time.Second, time.Hour)
	}
	return doubling(r.again(), time.Minute, time.Hour)
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
