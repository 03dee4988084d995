package client

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v85"
)

const (
	// searchLag is after how long a search has usually caught up (https://docs.stripe.com/search#data-freshness).
	searchLag   = 2 * time.Minute
	clockSkew   = time.Minute // between our clock and the processor's
	pageSize    = 100
	searchLimit = 10
	// listShare of a call's time is spent on pages of the list; the rest of them waits for the next task.
	listShare = 2
)

// windows are the times, after the attempt was marked, in which its intent may have been made: most at once, some by a
// repetition while the key was remembered.
var windows = []time.Duration{time.Minute, 24 * time.Hour}

// FindByPaymentID looks for a payment's intent whose identifier was lost with an answer. createdAfter is the moment at which
// the attempt was marked. A young intent is looked for in lists, which are never behind, an older one by search first, which
// is one call. found is false when neither shows one: that does not prove that there is none.
//
// The list of a busy shop is long, and one look-up goes through as many of its pages as its time allows. next is how far it
// came, for the next look-up to go on from; empty when it has seen all of them, and the next begins again.
func (s *Stripe) FindByPaymentID(
	ctx context.Context, paymentID string, createdAfter time.Time, cursor string,
) (c Charge, found bool, next string, err error) {
	if paymentID == "" || strings.ContainsAny(paymentID, `'"\`) {
		return Charge{}, false, "", fmt.Errorf("find intent: %q is not a payment's identifier", paymentID)
	}
	old := time.Since(createdAfter) > searchLag
	var in *stripe.PaymentIntent
	var unsearched, unlisted error // a search that fails, or that an account has not got, must not keep the list from being read
	if old {
		in, unsearched = s.searched(ctx, paymentID)
	}
	if in == nil {
		in, next, unlisted = s.listed(ctx, paymentID, createdAfter, cursor)
	}
	if in == nil && !old {
		in, unsearched = s.searched(ctx, paymentID)
	}
	if in != nil {
		return chargeOf(in), true, "", nil
	}
	if failed := errors.Join(unlisted, unsearched); failed != nil {
		return Charge{}, false, next, uncertain("find intent", failed)
	}
	return Charge{}, false, next, nil
}

// listed goes through the intents that were made around the moment of the call, from the cursor on.
func (s *Stripe) listed(
	ctx context.Context, paymentID string, createdAfter time.Time, cursor string,
) (in *stripe.PaymentIntent, next string, err error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	until := time.Now().Add(s.timeout() / listShare)
	window, last := parseCursor(cursor)
	for ; window < len(windows); window++ {
		from := createdAfter.Add(-clockSkew)
		if window > 0 {
			from = createdAfter.Add(windows[window-1])
		}
		in, last, err = s.listedBetween(ctx, paymentID, from, createdAfter.Add(windows[window]), last, until)
		if in != nil || last != "" || err != nil {
			return in, formatCursor(window, last), err
		}
	}
	return nil, "", nil
}

// listedBetween returns the last intent that it saw when its time was over, or when a page could not be read.
func (s *Stripe) listedBetween(
	ctx context.Context, paymentID string, from, to time.Time, after string, until time.Time,
) (found *stripe.PaymentIntent, last string, err error) {
	p := &stripe.PaymentIntentListParams{CreatedRange: &stripe.RangeQueryParams{
		GreaterThanOrEqual: from.Unix(), LesserThanOrEqual: to.Unix(),
	}}
	p.Limit = stripe.Int64(pageSize)
	p.AddExpand("data.latest_charge")
	if after != "" {
		p.StartingAfter = stripe.String(after)
	}
	last = after
	seen := 0
	for in, err := range s.api.V1PaymentIntents.List(ctx, p).All(ctx) {
		if err != nil {
			return nil, last, err
		}
		if in.Metadata[metaPayment] == paymentID {
			return in, "", nil
		}
		last = in.ID
		if seen++; seen%pageSize == 0 && time.Now().After(until) {
			return nil, last, nil
		}
	}
	return nil, "", nil
}

// A cursor is the number of a window, and the intent after which it goes on there.
func parseCursor(cursor string) (window int, last string) {
	number, last, ok := strings.Cut(cursor, ":")
	window, err := strconv.Atoi(number)
	if !ok || err != nil || window < 0 || window >= len(windows) {
		return 0, ""
	}
	return window, last
}

func formatCursor(window int, last string) string {
	if last == "" {
		return ""
	}
	return fmt.Sprintf("%d:%s", window, last)
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
