// Package sandbox is a card processor of our own, for development and tests: a separate small program that speaks the part of
// Stripe's HTTP API that payment-service uses, so that the same adapter talks to either.
//
//	handler    HTTP: Stripe's paths, encoding, errors and idempotency; the controls under /sandbox
//	service    what a request does: decide, render, write
//	processor  the pure core: intents, charges, refunds, test cards
//	store      PostgreSQL, schema sandbox: state, idempotency keys and the queue of webhooks in one transaction
//	webhook    signed delivery, at least once
//	faults     misbehaviour on demand
//	form, wire the two encodings
//
// It keeps its state over crashes, and tells the truth like a bank would: a charge that was made stays made, whatever became
// of the connection. It moves no money and refuses to run in production.
//
// Finish a 3-D Secure challenge, as the shopper would in a browser:
//
//	curl localhost:8090/sandbox/payment_intents/pi_.../authenticate -u "$STRIPE_SECRET_KEY:" -H "Content-Type: application/json" -d '{"outcome": "succeeded"}'
package sandbox
