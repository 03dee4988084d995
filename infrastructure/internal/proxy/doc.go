// Package proxy passes requests on to the services' own REST, byte for byte, by the first segment of their path.
//
//	shopper ──> gateway: id, trace, limits, token ──> proxy ──> upstream: instance, breaker, repeat ──> service
//
// Small bodies are read whole before a service hears of the request: a slow client then costs nobody but itself, and the
// request can be sent again when a kept connection turns out to be closed. Larger ones flow through a fixed
// buffer. Replies are read whole before a client gets any of them, within bounds for one client and for all: a slow reader costs the
// gateway and not a service. Whatever goes wrong is a problem of ours, never a service's raw failure.
package proxy
