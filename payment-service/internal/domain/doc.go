// Package domain is the payment of an order: one charge at most, and never money kept for an order that has ended. It
// is plain Go without servers: every rule that matters is a pure function.
//
// There is one Payment per order, and Decide is its machine. The card processor is slow, answers twice, late or not at
// all, and its intent lives a life of its own; so what it says comes in as facts, and one function takes them whoever
// brings them: the call's answer, a webhook, or the reconciler.
//
//	none ---- stock.reserved ----> processing ---- attempt marked ----> called
//	 |                              |
//	 '------- order.cancelled ------'-------> voided
//
//	called --------- succeeded --------------------------> captured
//	   | \---------- declined, canceled -----------------> failed (voided if unwanted)
//	   |  \--------- 3-D Secure failed ------------------> voiding
//	   |   \-------- requires_action, but unwanted ------> voiding
//	   v requires_action
//	requires_action  succeeded --------------------------> captured
//	      \--------- canceled ---------------------------> failed (voided if unwanted)
//	       \-------- 3-D Secure failed, order.cancelled -> voiding
//
//	voiding -------- canceled ---------------------------> failed (voided if unwanted)
//	      \--------- succeeded all the same -------------> captured
//
//	failed, voided   succeeded, late --------------------> captured
//	      \--------- an intent that is alive ------------> voiding
//
// What holds, whatever order messages and facts arrive in and however often:
//
//   - An attempt is marked and committed before the call leaves the process. A mark means that money may have moved.
//     Every call of a payment uses the one key that is derived from its id: at most one charge.
//   - Unwanted means that order.cancelled was seen or payment.failed was sent. It is never cleared, and what succeeds after
//     it is refunded without a word to the order.
//   - Failed and voided still listen: a late success is refunded, a live intent is cancelled at the processor.
//   - A refund is not a state of the payment but a row of its own, one per cause, with a key of its own. Those pending or
//     done never add up to more than was captured.
//   - The ledger only grows, and its sum is the money that is here.
//
// The table of every state and input is generated from these functions: docs/transitions.json and the README. Refunds are
// explored exhaustively in explore_test.go.
package domain

//go:generate go run ./transitions ../..
