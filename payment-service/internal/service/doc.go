// Package service is what payment-service does. The rules are the domain's; this package brings together what they need.
//
//	messages of other services ──> Apply ──> payments, marked ──> a call for each ──> answers ──┐
//	                                              ^                     ^                       │
//	sweep, webhooks, a later attempt ── Claim ────┴─────────────────────┘                       v
//	                                                                     payments <── one transaction per group
//
// The queue is the table: whatever happens to this process, every payment and refund that is not settled is due again some
// time, here or on another replica. What is asked then is the domain's decision (domain.Due), and comes with the task. Being told at once (Apply marks and calls, a
// webhook wakes) only makes it quick.
//
// Calls are bounded: each holds a slot from before its payment is claimed until its answer is saved. While the database is away
// a certain answer is saved again and again, until its lease ends.
package service
