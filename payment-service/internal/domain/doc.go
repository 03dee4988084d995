// Package domain is the payment of an order: one charge at most, and never money kept for an order that has ended. It
// is plain Go without servers: every rule that matters is a pure function.
//
// There is one Payment per order, and Rules.Decide is its machine. Its inputs are of four kinds:
//
//   - messages of other services;
//   - what the processor certainly says (Fact), or that it said nothing certain (NoCertainAnswer). The processor is slow,
//     answers twice, late or not at all, and its intent lives a life of its own;
//   - what a webhook announces (Hint). Nothing of it is believed: it makes the processor be asked;
//   - the clock (Due), which says what the processor is asked now. That is not decided anywhere else.
//
// Outcome.Next says when the payment is due again. How far the processor was asked is state too (Asking): an answer that
// comes after a hint may be older than what the hint tells, so the payment is due again at once.
//
//	none ---- stock.reserved ----> processing ---- due: attempt marked ---> called
//	 |                              |
//	 '------- order.cancelled ------'-------> voided
//
//	called --------- succeeded --------------------------> captured
//	   | \---------- declined, canceled -----------------> failed (voided if unwanted)
//	   |  \--------- 3-D Secure failed ------------------> voiding
//	   |   \-------- requires_action, but unwanted ------> voiding
//	   v requires_action
//	requires_action  succeeded --------------------------> captured
//	     |\--------- canceled ---------------------------> failed (voided if unwanted)
//	     | \-------- 3-D Secure failed, order.cancelled -> voiding
//	     '---------- due: authentication time is over ---> voiding
//
//	called, unwanted: due: the key is fenced
//	      |--------- the fence holds --------------------> voided
//	      '--------- it is refused: the charge ran ------> by what became of it, as above
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
//   - A call is repeated only while the payment is wanted, and while the processor certainly remembers the key. The key of an
//     unwanted one is fenced: taken by a request that charges nothing, so that none that is under way can charge any more.
//   - That a look-up finds nothing proves nothing: no payment ends by it. One that is wanted is ended by its order's deadline,
//     which is below the key's life, and then by the fence. After 30 days without a certain answer people are told.
//   - Unwanted means that order.cancelled was seen or payment.failed was sent. It is never cleared, and what succeeds after
//     it is refunded without a word to the order.
//   - Failed and voided still listen: a late success is refunded, a live intent is cancelled at the processor.
//   - Whatever tells that money moved after the capture makes the processor's books be read after it, also when it comes before the
//     capture is known (Asking.Books).
//   - A refund is not a state of the payment but a row of its own, one per cause, with a key of its own. Those pending or
//     done never add up to more than was captured.
//   - The ledger only grows, and its sum is the money that is here.
//
// The table of every state and input is generated from these functions: docs/transitions.json and the README. Refunds are
// explored exhaustively in explore_test.go.
package domain

//go:generate go run ./transitions ../..
