package handler

import (
	"context"

	"marketplace/shared/fault"
)

var errSignature = fault.New(fault.Malformed, "webhook_signature_invalid",
	"The webhook is not signed by the card processor, or its time is off by more than 5 minutes.")

type webhookInput struct {
	Signature string `header:"Stripe-Signature"`
	RawBody   []byte
}

// webhook answers once the delivery is recorded; what it is about is looked at after that.
func (h *Payments) webhook(ctx context.Context, in *webhookInput) (*struct{}, error) {
	hint, err := h.Verify(in.RawBody, in.Signature)
	if err != nil {
		return nil, errSignature.Wrap(err)
	}
	return nil, h.Heeding.Heed(ctx, hint)
}
