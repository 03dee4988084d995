// Package rabbit carries events through RabbitMQ, at least once and in no promised order.
//
// A Session publishes over one connection and consumes over others, so that a broker that slows publishers down does
// not slow consumers. Every connection is remade for ever, with backoff, and declares the whole topology first: each
// service declares every queue of the system, so that no event is lost to a subscriber that never started.
//
// Publish returns nil for a message only when the broker has confirmed it and has not returned it: the broker confirms
// what it cannot route. Consume hands over what is there, up to a batch, and acknowledges it when the handler returns nil.
//
// Queues are quorum queues without a delivery limit: tries are counted by package inbox, in a table, and the same way
// with every version of the broker. A queue's arguments never change; its name carries a version.
//
// A message is a CloudEvent in binary mode (headers cloudEvents:id and so on) with the W3C trace context beside it:
// publishing adds a producer span, Traced a consumer span, and what a handler does under Message.Context belongs to the
// trace of the request that began it all.
package rabbit
