package client

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"
)

const (
	// searchLag is after how long a search has usually caught up (https://docs.stripe.com/search#data-freshness).
	searchLag   = 2 * time.Minute
	clockSkew   = time.Minute // between our clock and the processor's
	pageSize    = 100
	maxListed   = 500 // in one window: a look-up must stay cheap however busy the shop is
	searchLimit = 10
)

// windows are the times, after the attempt was marked, in which its intent may have been made: most at once, some by a
// repetition while the key was remembered.
var windows = []time.Duration{time.Minute, 24 * time.Hour}

// FindByPaymentID looks for a payment's intent whose identifier was lost with an answer. createdAfter is the moment at which
// the attempt was marked. A young intent is looked for in lists, which are never behind, an older one by search first, which
// is one call. found is false when neither shows one: that does not prove that there is none.
func (s *Stripe) FindByPaymentID(ctx context.Context, paymentID string, createdAfter time.Time) (c Charge, found bool, err error) {
	if paymentID == "" || strings.ContainsAny(paymentID, `'"\`) {
		return Charge{}, false, fmt.Errorf("find intent: %q is not a payment's identifier", paymentID)
	}
	ways := []func(context.Context, string, time.Time) (*stripe.PaymentIntent, error){s.listed, s.searched}
	if time.Since(createdAfter) > searchLag {
		ways[0], ways[1] = ways[1], ways[0]
	}
	for _, look := range ways {
		in, err := look(ctx, paymentID, createdAfter)
		if err != nil {
			return Charge{}, false, uncertain("find intent", err)
		}
		if in != nil {
			return chargeOf(in), true, nil
		}
	}
	return Charge{}, false, nil
}

// listed goes through a bounded number of the intents that were made around the moment of the call.
func (s *Stripe) listed(ctx context.Context, paymentID string, createdAfter time.Time) (*stripe.PaymentIntent, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	from := createdAfter.Add(-clockSkew)
	for _, window := range windows {
		to := createdAfter.Add(window)
		in, err := s.listedBetween(ctx, paymentID, from, to)
		if in != nil || err != nil {
			return in, err
		}
		from = to
	}
	return nil, nil
}

func (s *Stripe) listedBetween(ctx context.Context, paymentID string, from, to time.Time) (*stripe.PaymentIntent, error) {
	p := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{
		GreaterThanOrEqual: from.Unix(), LesserThanOrEqual: to.Unix(),
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

func (s *Stripe) searched(ctx context.Context, paymentID string, _ time.Time) (*stripe.PaymentIntent, error) {
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
