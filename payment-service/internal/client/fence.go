package client

import (
	"context"
	"errors"
	"net/http"

	"github.com/stripe/stripe-go/v85"

	"marketplace/payment-service/internal/domain"
)

// Fence makes sure that a charge that is not wanted any more cannot happen, without making it happen: a request under way, or
// one that was lost on the way, may still arrive, and a look-up that finds nothing would not know.
//
// The intent is asked for under the charge's own key, but not to be confirmed, and without a card. The processor compares a
// request with the first one under its key, so there are two outcomes. Either the fence has the key: then the charge is
// refused for ever, and the intent that the fence made is cancelled. Or the fence is refused because the charge has run: then
// its request is sent again, which is answered with the outcome and cannot charge a second time.
//
// It works while the processor remembers the key (https://docs.stripe.com/api/idempotent_requests).
func (s *Stripe) Fence(ctx context.Context, r ChargeRequest) (Charge, error) {
	bounded, cancel := s.bounded(ctx)
	defer cancel()
	p := request(r)
	p.Confirm = stripe.Bool(false)
	in, err := s.api.V1PaymentIntents.Create(bounded, p)
	switch e, certain := refusal(err); {
	case err == nil:
		return s.CancelIntent(ctx, in.ID)
	case certain:
		return declined(e), nil // as the charge with the same amount would have been, before it was executed
	case otherParameters(err):
		return s.Charge(ctx, r)
	case keptFailure(err):
		// The processor failed over the fence, and says so for as long as it knows the key: the fence has it.
		return Charge{Fact: domain.Fact{Kind: domain.FactCanceled}}, nil
	}
	return Charge{}, uncertain("fence", err)
}

// otherParameters says whether the key was used for another request. A request that is still under way is a 409 instead.
func otherParameters(err error) bool {
	e, ok := errors.AsType[*stripe.Error](err)
	return ok && e.HTTPStatusCode == http.StatusBadRequest && e.Type == stripe.ErrorTypeIdempotency
}

// keptFailure says whether this is the processor's own failure over an earlier request with the same parameters.
func keptFailure(err error) bool {
	e, ok := errors.AsType[*stripe.Error](err)
	return ok && e.HTTPStatusCode >= http.StatusInternalServerError && replayed(e.LastResponse)
}
