// Package handler is what comes in: REST requests (payments.go, refunds.go), the processor's webhooks (webhooks.go) and the
// messages of other services (events.go). It turns wire shapes into the domain's and back (shape.go), and the domain's
// refusals into faults (refuse.go); it decides nothing.
package handler
