// Package upstream sends a request to a healthy instance of a service.
//
// A Pool is the instances of one service: those that pass in Consul, the last known ones while Consul is away, a
// configured address until it has told of any. Requests go round them. Each instance has a circuit breaker, so that
// one that only fails is left alone for a moment instead of making every other request wait for it. What a client causes does
// not count against an instance (blame.go).
//
// A request that failed goes to one other instance if that cannot do harm: it asks for nothing but a read, or the
// first instance never saw a byte of it. Repeats come out of a budget of a tenth of the traffic, so that a service in
// trouble is not buried under them.
package upstream

import (
	"net"
	"net/http"
	"time"

	"marketplace/shared/fault"
)

var (
	// Away is the fault of a service that has no instance to send to: nothing has happened.
	Away = fault.New(fault.Unavailable, "service_unavailable", "This part of the marketplace is not available right now.").
		WithRetryAfter(breakerOpen)
	// Broken is the fault of a change whose reply never came: it may have happened.
	Broken = fault.New(fault.Timeout, "outcome_unknown",
		"The connection broke before the reply came: look whether it happened, or repeat it with the same Idempotency-Key.")
)

// NewBase is the connections to all instances. They are kept: a new one costs more than most requests.
func NewBase() *http.Transport {
	dialer := &net.Dialer{Timeout: time.Second, KeepAlive: 15 * time.Second}
	return &http.Transport{
		DialContext:         dialer.DialContext,
		MaxIdleConns:        2048,
		MaxIdleConnsPerHost: 512,
		MaxConnsPerHost:     4096,
		// Shorter than the services', so that it is this side that closes an idle connection, never in a race with a request.
		IdleConnTimeout:        45 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true, // bodies pass through as they are
	}
}
