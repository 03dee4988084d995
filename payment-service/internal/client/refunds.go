package client

import (
	"context"
	"fmt"

	"github.com/stripe/stripe-go/v85"

	"marketplace/payment-service/internal/domain"
)

// RefundRequest gives back a part of what an intent took, or all of it. As with a charge, it never changes under its Key.
type RefundRequest struct {
	RefundID  string
	PaymentID string
	IntentID  string
	Amount    domain.ProcessorAmount // in the currency of the charge
	Key       string                 // of idempotency: ref_<refund id>
}

// Refund asks for the money to go back and reports what became of it.
func (s *Stripe) Refund(ctx context.Context, r RefundRequest) (Refund, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	p := &stripe.RefundCreateParams{
		PaymentIntent: stripe.String(r.IntentID),
		Amount:        stripe.Int64(r.Amount.Amount),
		Metadata:      map[string]string{metaPayment: r.PaymentID, metaRefund: r.RefundID},
	}
	p.SetIdempotencyKey(r.Key)
	made, err := s.api.V1Refunds.Create(ctx, p)
	if err == nil {
		if replayed(made.LastResponse) {
			return s.RetrieveRefund(ctx, made.ID)
		}
		return refundOf(made), nil
	}
	e, certain := refusal(err)
	if !certain {
		return Refund{}, uncertain("refund", err)
	}
	// "Nothing left to refund" may be the work of this very refund, sent before under a key that has been forgotten.
	if earlier, found, err := s.FindRefund(ctx, r.IntentID, r.RefundID); found || err != nil {
		return earlier, err
	}
	return Refund{
		State: domain.RefundFailed, IntentID: r.IntentID, Amount: r.Amount, Failure: failureOf(e),
		RefundID: r.RefundID, PaymentID: r.PaymentID,
	}, nil
}

// RetrieveRefund reads a refund.
func (s *Stripe) RetrieveRefund(ctx context.Context, providerID string) (Refund, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	r, err := s.api.V1Refunds.Retrieve(ctx, providerID, nil)
	if isMissing(err) {
		return Refund{}, fmt.Errorf("retrieve refund: %w", ErrNotFound)
	}
	if err != nil {
		return Refund{}, uncertain("retrieve refund", err)
	}
	return refundOf(r), nil
}

// FindRefund looks for one of our refunds among all those of an intent, as far as the time allows. The list is never behind: not
// found means that there was none at that moment, though a request may still be under way.
func (s *Stripe) FindRefund(ctx context.Context, intentID, refundID string) (r Refund, found bool, err error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	p := &stripe.RefundListParams{PaymentIntent: stripe.String(intentID)}
	p.Limit = stripe.Int64(pageSize)
	for made, err := range s.api.V1Refunds.List(ctx, p).All(ctx) {
		if err != nil {
			return Refund{}, false, uncertain("find refund", err)
		}
		if made.Metadata[metaRefund] == refundID {
			return refundOf(made), true, nil
		}
	}
	return Refund{}, false, nil
}
