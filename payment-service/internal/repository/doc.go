// Package repository keeps payments in PostgreSQL, with their refunds, the ledger and the webhooks that were heard. The
// tables payments and refunds are also the queues of what the processor has to be asked: a row is due at its next_at.
//
// There are four ways to write, and each takes a set:
//
//	Update        what messages, answers and commands do to payments: lock, decide, save
//	Claim         marks attempts and takes payments that are due, skipping what others hold
//	ClaimRefunds  the same for refunds
//	Heed          webhooks: each is recorded once, and folded into the payment that it is about
//
// Update, Claim and Heed are transactions of two round trips (postgres.InBatches) around the same fold; ClaimRefunds is one
// statement. When a payment is due, and for which question, is the domain's decision: it is only stored here. Payments are locked in the
// order of their orders' ids, so that two sets that overlap wait for each other and never deadlock. A refund is decided
// and changed under the lock of its payment.
//
// Which replica's clock is right is never a question: every time that decides something is the database's.
package repository
