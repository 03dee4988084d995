// Package client is how payment-service speaks to others: to the card processor, which is Stripe or our own sandbox.
//
// # What an answer is worth
//
// Money moves behind a network, so the adapter tells three kinds of outcome apart and guesses nothing:
//
//	a fact           what is so at the processor: succeeded, declined, canceled, requires_action, requires_payment_method
//	                 (package domain has them), or pending, which promises another fact later
//	ErrUncertain     time-out, lost connection, 5xx, 409, 429, 401, 403, an idempotency error, an unreadable reply: the request
//	                 may have been executed or not. Ask again with the same key, or fence the key (Stripe.Fence) when the charge
//	                 is not wanted any more, or look the intent up.
//	ErrNotFound      there is nothing under that identifier. A search that found nothing says found == false instead: search
//	                 lags by about a minute, so that proves nothing.
//
// A refusal is a fact only when it is certain: a card error, or a request that was refused before it was executed. An answer
// that the processor replays from an earlier request is a hint: the adapter then reads the intent and reports what it is now.
//
// The adapter never repeats a request by itself, also not below, in net/http: when to ask again is the payment's decision.
package client
