package client

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/stripe/stripe-go/v85"
)

// What callers tell apart; the package comment says what they mean.
var (
	ErrUncertain = errors.New("the processor's answer is not certain")
	ErrNotFound  = errors.New("the processor knows no such object")
)

// uncertain hides what the library's error would print: the whole reply, client secret included.
func uncertain(doing string, err error) error {
	e, ok := errors.AsType[*stripe.Error](err)
	if !ok {
		return fmt.Errorf("%s: %w: %w", doing, ErrUncertain, err)
	}
	return fmt.Errorf("%s: %w: HTTP %d %s %s (request %s)", doing, ErrUncertain, e.HTTPStatusCode, e.Type, e.Code, e.RequestID)
}

// refusal returns the error of a request that certainly had no effect: a declined card, or one that was refused before
// execution. A replayed answer is neither: it tells of an earlier moment.
func refusal(err error) (*stripe.Error, bool) {
	e, ok := errors.AsType[*stripe.Error](err)
	if !ok || replayed(e.LastResponse) {
		return nil, false
	}
	card := e.HTTPStatusCode == http.StatusPaymentRequired && e.Type == stripe.ErrorTypeCard
	invalid := e.HTTPStatusCode == http.StatusBadRequest && e.Type == stripe.ErrorTypeInvalidRequest
	return e, card || invalid
}

// intentOf is the intent that an error is about, if it says so.
func intentOf(err error) string {
	if e, ok := errors.AsType[*stripe.Error](err); ok && e.PaymentIntent != nil {
		return e.PaymentIntent.ID
	}
	return ""
}

func isMissing(err error) bool {
	e, ok := errors.AsType[*stripe.Error](err)
	return ok && e.HTTPStatusCode == http.StatusNotFound && e.Code == stripe.ErrorCodeResourceMissing
}

func replayed(r *stripe.APIResponse) bool {
	return r != nil && r.Header.Get("Idempotent-Replayed") == "true"
}
