package domain

import "time"

// Rules are the times by which payments are decided.
type Rules struct {
	// KeyLife is how long the processor certainly remembers an idempotency key. Before that a request may be repeated,
	// or its key fenced; after that neither is safe.
	KeyLife time.Duration

	// AuthenticationTime is how long a shopper may take to authenticate. Stock is held meanwhile.
	AuthenticationTime time.Duration

	// Convert says what the processor is asked for, when an attempt is marked.
	Convert Convert
}

// Decide returns the payment after the input, and what follows: the table of the saga, one case per input, and when the
// payment is due again. The same payment and no outcome mean that the input changes nothing: it came before, or too late
// to matter. After an error the input is refused (a command) or parked (a message), and nothing changed.
func (r Rules) Decide(p Payment, in Input) (Payment, Outcome, error) {
	next, out, err := r.decide(p, in)
	if err != nil {
		return p, Outcome{}, err
	}
	next, out.Next = r.plan(p, next, in, out)
	return next, out, nil
}
