package wire

import "marketplace/payment-service/internal/sandbox/processor"

type dispute struct {
	ID            string                  `json:"id"`
	Object        string                  `json:"object"`
	Amount        int64                   `json:"amount"`
	Charge        string                  `json:"charge"`
	Created       int64                   `json:"created"`
	Currency      string                  `json:"currency"`
	Metadata      map[string]string       `json:"metadata"` // Stripe does not copy the intent's
	PaymentIntent string                  `json:"payment_intent"`
	Reason        string                  `json:"reason"`
	Status        processor.DisputeStatus `json:"status"`
}

// Dispute renders the dispute of an intent's charge.
func Dispute(in processor.Intent) any {
	c := in.Charge
	return dispute{
		ID: c.DisputeID, Object: "dispute", Amount: c.Amount, Charge: c.ID, Created: c.DisputedAt.Unix(), Currency: c.Currency,
		Metadata: map[string]string{}, PaymentIntent: in.ID, Reason: "fraudulent", Status: c.DisputeStatus,
	}
}
