package client

import (
	"context"
	"fmt"

	"github.com/stripe/stripe-go/v85"

	"marketplace/payment-service/internal/domain"
)

// ChargeRequest is one payment's attempt. Everything in it is decided, and saved, before the first call: a repetition with
// the same Key must ask for the same.
type ChargeRequest struct {
	PaymentID string
	OrderID   string
	Amount    domain.ProcessorAmount
	Method    string // a stored method of the processor, or a test method
	Key       string // of idempotency: pay_<payment id>
}

// Charge asks for the money and reports what became of it. A card that is declined is a fact; so is a request that was refused
// before execution, which no repetition could change.
func (s *Stripe) Charge(ctx context.Context, r ChargeRequest) (Charge, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	p := request(r)
	p.PaymentMethod = stripe.String(r.Method)
	p.Confirm = stripe.Bool(true)
	p.UseStripeSDK = stripe.Bool(true) // 3-D Secure is finished in the shopper's browser, which needs no address to return to
	in, err := s.api.V1PaymentIntents.Create(ctx, p)
	if err == nil {
		if replayed(in.LastResponse) {
			return s.Retrieve(ctx, in.ID)
		}
		return chargeOf(in), nil
	}
	if e, certain := refusal(err); certain {
		return declined(e), nil
	}
	if id := intentOf(err); id != "" {
		return s.Retrieve(ctx, id)
	}
	return Charge{}, uncertain("charge", err)
}

// request is what a charge and its fence have in common.
func request(r ChargeRequest) *stripe.PaymentIntentCreateParams {
	p := &stripe.PaymentIntentCreateParams{
		Amount:             stripe.Int64(r.Amount.Amount),
		Currency:           stripe.String(r.Amount.Currency),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		CaptureMethod:      stripe.String(string(stripe.PaymentIntentCaptureMethodAutomatic)),
		Metadata:           map[string]string{metaPayment: r.PaymentID, metaOrder: r.OrderID},
	}
	p.SetIdempotencyKey(r.Key)
	p.AddExpand("latest_charge")
	return p
}

// declined: the answer to the call itself, so nobody holds a client secret with which to try another card.
func declined(e *stripe.Error) Charge {
	var c Charge
	if e.PaymentIntent != nil {
		c = chargeOf(e.PaymentIntent)
	}
	c.Kind, c.Failure, c.ClientSecret = domain.FactDeclined, failureOf(e), ""
	return c
}

// Retrieve reads an intent. The only answer that is always certain.
func (s *Stripe) Retrieve(ctx context.Context, intentID string) (Charge, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	p := &stripe.PaymentIntentRetrieveParams{}
	p.AddExpand("latest_charge")
	in, err := s.api.V1PaymentIntents.Retrieve(ctx, intentID, p)
	if isMissing(err) {
		return Charge{}, fmt.Errorf("retrieve intent: %w", ErrNotFound)
	}
	if err != nil {
		return Charge{}, uncertain("retrieve intent", err)
	}
	return chargeOf(in), nil
}

// CancelIntent ends an intent so that nobody can pay it any more, and reports what it is then: canceled, or what it had
// become before. It has no key: canceling twice is canceling once, while a kept refusal would stand in the way.
func (s *Stripe) CancelIntent(ctx context.Context, intentID string) (Charge, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	p := &stripe.PaymentIntentCancelParams{}
	p.AddExpand("latest_charge")
	in, err := s.api.V1PaymentIntents.Cancel(ctx, intentID, p)
	if err == nil {
		return chargeOf(in), nil
	}
	if isMissing(err) {
		return Charge{}, fmt.Errorf("cancel intent: %w", ErrNotFound)
	}
	if _, certain := refusal(err); certain {
		return s.Retrieve(ctx, intentID)
	}
	return Charge{}, uncertain("cancel intent", err)
}
