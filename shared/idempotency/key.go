package idempotency

import (
	"crypto/sha256"
	_ "embed"
	"strings"
	"time"

	"marketplace/shared/fault"
)

// Schema is the text that each service's first migration contains.
//
//go:embed schema.sql
var Schema string

// Kept is how long a reply is remembered.
const Kept = 24 * time.Hour

var errReused = fault.New(fault.Invalid, "idempotency_key_reused",
	"This Idempotency-Key was used with another request: another path, query or body.")

// ErrInProgress means that a request with the key is running. Claim fails with it, and so may an effect that knows it before.
var ErrInProgress = fault.New(fault.Conflict, "request_in_progress",
	"A request with this Idempotency-Key is being worked on.").WithRetryAfter(time.Second)

// Key identifies a request. It is scoped to the user and the route, so that nobody meets another user's reply.
type Key struct {
	User        string
	Route       string            // "POST /orders/{id}/cancel": the values in the path are part of the fingerprint
	Key         string            // the client's Idempotency-Key
	Fingerprint [sha256.Size]byte // of what was sent: the same key with another one is refused
}

// claim is what the lock is on. No part can hold the separator.
func (k Key) claim() string {
	return strings.Join([]string{"", k.User, k.Route, k.Key}, "\x1f")
}

// Reply is a reply to send again, byte for byte.
type Reply struct {
	Status int
	Header map[string]string // those that belong to the reply: Content-Type, ETag, Location
	Body   []byte
}
