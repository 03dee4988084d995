package client

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/money"
)

// ChargeRequest is one payment's attempt. Everything in it is decided, and saved, before the first call: a repetition with
// the same Key must ask for the same.
type ChargeRequest struct {
	PaymentID string
	OrderID   string
	Amount    money.Money
	Method    string // a stored method of the processor, or a test method
	Customer  string // the processor's; empty for test methods
	Key       string // of idempotency: pay_<payment id>
}

// Charge asks for the money and reports what became of it. A card that is declined is a fact; so is a request that was refused
// before execution, which no repetition could change.
func (s *Stripe) Charge(ctx context.Context, r ChargeRequest) (Charge, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	p := &stripe.PaymentIntentCreateParams{
		Amount:             stripe.Int64(r.Amount.Amount),
		Currency:           stripe.String(strings.ToLower(r.Amount.Currency)),
		PaymentMethod:      stripe.String(r.Method),
		PaymentMethodTypes: stripe.StringSlice([]string{"card"}),
		CaptureMethod:      stripe.String(string(stripe.PaymentIntentCaptureMethodAutomatic)),
		Confirm:            stripe.Bool(true),
		Metadata:           map[string]string{metaPayment: r.PaymentID, metaOrder: r.OrderID},
	}
	if r.Customer != "" {
		p.Customer = stripe.String(r.Customer)
	}
	p.SetIdempotencyKey(r.Key)
	p.AddExpand("latest_charge")
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

const (
	clockSkew   = 2 * time.Minute  // between our clock and the processor's
	callWindow  = 15 * time.Minute // how long after the attempt was marked its request may arrive
	pageSize    = 100
	maxListed   = 2000
	searchLimit = 10
)

// FindByPaymentID looks for a payment's intent whose identifier was lost with an answer: among those created soon after
// createdAfter, the moment at which the attempt was marked, then by search. found is false when neither shows one, which does
// not prove that there is none.
func (s *Stripe) FindByPaymentID(ctx context.Context, paymentID string, createdAfter time.Time) (c Charge, found bool, err error) {
	if strings.ContainsAny(paymentID, `'"\`) {
		return Charge{}, false, fmt.Errorf("find intent: %q is not a payment's identifier", paymentID)
	}
	if in, err := s.listed(ctx, paymentID, createdAfter); in != nil || err != nil {
		return orNone(in, err)
	}
	return orNone(s.searched(ctx, paymentID))
}

func orNone(in *stripe.PaymentIntent, err error) (Charge, bool, error) {
	if err != nil {
		return Charge{}, false, uncertain("find intent", err)
	}
	if in == nil {
		return Charge{}, false, nil
	}
	return chargeOf(in), true, nil
}

// listed goes through a bounded number of intents around the moment of the call: a list is never behind, as a search is.
func (s *Stripe) listed(ctx context.Context, paymentID string, createdAfter time.Time) (*stripe.PaymentIntent, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	p := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{
		GreaterThanOrEqual: createdAfter.Add(-clockSkew).Unix(),
		LesserThanOrEqual:  createdAfter.Add(callWindow + clockSkew).Unix(),
	}}
	p.Limit = stripe.Int64(pageSize)
	p.AddExpand("data.latest_charge")
	seen := 0
	for in, err := range s.api.V1PaymentIntents.List(ctx, p).All(ctx) {
		if err != nil {
			return nil, err
		}
		if in.Metadata[metaPayment] == paymentID {
			return in, nil
		}
		if seen++; seen >= maxListed {
			break
		}
	}
	return nil, nil
}

func (s *Stripe) searched(ctx context.Context, paymentID string) (*stripe.PaymentIntent, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	p := &stripe.PaymentIntentSearchParams{}
	p.Query = fmt.Sprintf("metadata['%s']:'%s'", metaPayment, paymentID)
	p.Limit = stripe.Int64(searchLimit)
	p.AddExpand("data.latest_charge")
	var found *stripe.PaymentIntent
	for in, err := range s.api.V1PaymentIntents.Search(ctx, p).All(ctx) {
		if err != nil {
			return nil, err
		}
		// One that took money counts before all others.
		if found == nil || in.Status == stripe.PaymentIntentStatusSucceeded {
			found = in
		}
	}
	return found, nil
}
