package client

import (
	"github.com/stripe/stripe-go/v85"

	"marketplace/shared/config"
)

// FactKind is what is so about a charge.
type FactKind string

// The facts about a charge.
const (
	Succeeded      FactKind = "succeeded"
	Declined       FactKind = "declined" // certain: no money moved, and none can by this attempt
	Canceled       FactKind = "canceled"
	RequiresAction FactKind = "requires_action" // the shopper must finish 3-D Secure with the client secret
	// RequiresPaymentMethod is a live intent that took no money and cannot go on by itself; whoever has its client secret
	// could still pay. Only canceling it makes sure.
	RequiresPaymentMethod FactKind = "requires_payment_method"
	Pending               FactKind = "pending" // the processor has not decided
)

// Fact is what the processor says about a charge.
type Fact struct {
	Kind         FactKind
	IntentID     string        // empty when the request was refused before there was an intent
	ClientSecret config.Secret // with RequiresAction only
	Code         string        // why the card was declined, or the attempt failed
	Message      string        // the same for people
	Amount       int64         // in minor units
	Currency     string        // upper case
	Brand        string        // of the card, when an attempt was made
	Last4        string
	PaymentID    string // from the intent's metadata
	OrderID      string
}

// RefundKind is what is so about a refund.
type RefundKind string

// The facts about a refund.
const (
	RefundDone    RefundKind = "done"
	RefundPending RefundKind = "pending"
	RefundFailed  RefundKind = "failed"
)

// RefundFact is what the processor says about a refund.
type RefundFact struct {
	Kind       RefundKind
	ProviderID string // the processor's identifier; empty when it was refused before there was one
	IntentID   string
	Code       string // why it failed
	Message    string
	Amount     int64
	Currency   string // upper case
	RefundID   string // ours, from the refund's metadata
	PaymentID  string
}

func factOf(in *stripe.PaymentIntent) Fact {
	f := Fact{
		Kind: Pending, IntentID: in.ID, Amount: in.Amount, Currency: upper(in.Currency),
		PaymentID: in.Metadata[metaPayment], OrderID: in.Metadata[metaOrder],
	}
	switch in.Status {
	case stripe.PaymentIntentStatusSucceeded:
		f.Kind = Succeeded
	case stripe.PaymentIntentStatusCanceled:
		f.Kind = Canceled
	case stripe.PaymentIntentStatusRequiresAction:
		f.Kind, f.ClientSecret = RequiresAction, config.Secret(in.ClientSecret)
	case stripe.PaymentIntentStatusRequiresPaymentMethod, stripe.PaymentIntentStatusRequiresConfirmation,
		stripe.PaymentIntentStatusRequiresCapture:
		f.Kind = RequiresPaymentMethod
	}
	if f.Kind != Succeeded && in.LastPaymentError != nil {
		f.Code, f.Message = reason(in.LastPaymentError)
	}
	f.Brand, f.Last4 = cardOf(in)
	return f
}

// cardOf is the card of the latest attempt: in full with the charge, or beside the error that declined it.
func cardOf(in *stripe.PaymentIntent) (brand, last4 string) {
	if c := in.LatestCharge; c != nil && c.PaymentMethodDetails != nil && c.PaymentMethodDetails.Card != nil {
		return string(c.PaymentMethodDetails.Card.Brand), c.PaymentMethodDetails.Card.Last4
	}
	if e := in.LastPaymentError; e != nil && e.PaymentMethod != nil && e.PaymentMethod.Card != nil {
		return string(e.PaymentMethod.Card.Brand), e.PaymentMethod.Card.Last4
	}
	return "", ""
}

func refundFactOf(r *stripe.Refund) RefundFact {
	f := RefundFact{
		Kind: RefundPending, ProviderID: r.ID, Amount: r.Amount, Currency: upper(r.Currency),
		RefundID: r.Metadata[metaRefund], PaymentID: r.Metadata[metaPayment],
	}
	if r.PaymentIntent != nil {
		f.IntentID = r.PaymentIntent.ID
	}
	switch r.Status {
	case stripe.RefundStatusSucceeded:
		f.Kind = RefundDone
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		f.Kind, f.Code = RefundFailed, string(r.FailureReason)
		f.Message = "The refund failed at the processor."
	}
	return f
}

// reason prefers the issuer's own code: it says more than card_declined.
func reason(e *stripe.Error) (code, message string) {
	if e.DeclineCode != "" {
		return string(e.DeclineCode), e.Msg
	}
	if e.Code != "" {
		return string(e.Code), e.Msg
	}
	return string(e.Type), e.Msg
}
