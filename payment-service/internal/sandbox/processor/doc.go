// Package processor is the card processor's functional core: what happens to a payment intent, decided by pure functions.
//
//	                 create (confirm=false)
//	                        |
//	  no method:  requires_payment_method <-----------------------+
//	                        | a method is given                   |
//	              requires_confirmation                           |
//	                        | confirm                             | declined, or 3-D Secure failed
//	        +---------------+----------------+                    |
//	        v               v                v                    |
//	requires_action     processing      (the card decides) -------+
//	        | 3-D Secure    | later          |
//	        +---------------+----------------+--> succeeded --> refunds
//
//	cancel: from every state but succeeded and canceled --> canceled
//
// Every function takes the state and an Env (time and identifiers) and returns a Change: the new state, the charge or refund
// that came to be, the events to announce, and the error that the caller is told. A declined card is both: an effect that is
// kept (the intent, its failed charge, an event) and an error in the reply. An error without a change has no effect at all.
package processor
