// Package rpc is how services call each other: gRPC servers and connections that are all set up the same.
//
// A server has health, recovery, metrics, traces and, outside production, reflection; it gives a deadline to a call that came
// without one, logs what is our own mistake once, and sends every error as a fault (package fault). Without TLS it
// listens on loopback or a private network only, and in production it refuses to start; with TLS it is mutual, and each
// method names the callers it takes.
//
// A connection spreads calls over the instances that pass in Consul and keeps the last known ones, or a configured
// address, while Consul is away. With TLS the certificate proves that an instance is the service; without, only instances in the
// Consul client's trusted networks are called. Only methods that the caller declares idempotent are retried, within a budget.
package rpc

import "time"

const (
	// defaultTimeout is the deadline of a call that has none. Every hop takes what is left of its caller's.
	defaultTimeout = 5 * time.Second
	// defaultGrace is how long running calls may take to finish when a server stops.
	defaultGrace = 10 * time.Second
)
