package client

import (
	"github.com/stripe/stripe-go/v85"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/config"
)

// Pending is a charge that the processor has not decided about; a later fact will say.
const Pending = domain.FactPending

// Charge is what the processor says about a charge: the fact that the payment decides by, and what is shown of it.
type Charge struct {
	domain.Fact
	Amount       domain.ProcessorAmount // of the intent, whatever became of it
	Received     domain.ProcessorAmount // with FactSucceeded; the fact's Captured is Processor's to say
	ClientSecret config.Secret          // with FactRequiresAction only: whoever has it can pay
	Brand        string                 // of the card, when an attempt was made
	Last4        string
	PaymentID    string // from the intent's metadata
	OrderID      string
}

// Refund is what the processor says about a refund.
type Refund struct {
	State      domain.RefundState
	ProviderID string // the processor's identifier; empty when it was refused before there was one
	IntentID   string
	Amount     domain.ProcessorAmount
	Failure    *domain.Failure // with RefundFailed
	RefundID   string          // ours, from the refund's metadata
	PaymentID  string
}

func chargeOf(in *stripe.PaymentIntent) Charge {
	c := Charge{
		Fact:      domain.Fact{Kind: kindOf(in.Status), IntentID: in.ID},
		Amount:    said(in.Amount, in.Currency),
		PaymentID: in.Metadata[metaPayment], OrderID: in.Metadata[metaOrder],
	}
	switch {
	case c.Kind == domain.FactSucceeded:
		c.Received, c.Moved = said(in.AmountReceived, in.Currency), moved(in.LatestCharge)
	case in.LastPaymentError != nil:
		c.Failure = failureOf(in.LastPaymentError)
	}
	if c.Kind == domain.FactRequiresAction {
		c.ClientSecret = config.Secret(in.ClientSecret)
	}
	c.Brand, c.Last4 = cardOf(in)
	return c
}

// moved says whether some of the money that a charge took was given back since, or is disputed.
func moved(c *stripe.Charge) bool { return c != nil && (c.AmountRefunded > 0 || c.Disputed) }

// kindOf: an intent that waits for a method, a confirmation or a capture has no money of ours and cannot go on by itself.
// That it was declined is no fact any more by then: with its client secret another card could still pay.
func kindOf(s stripe.PaymentIntentStatus) domain.FactKind {
	switch s {
	case stripe.PaymentIntentStatusSucceeded:
		return domain.FactSucceeded
	case stripe.PaymentIntentStatusCanceled:
		return domain.FactCanceled
	case stripe.PaymentIntentStatusRequiresAction:
		return domain.FactRequiresAction
	case stripe.PaymentIntentStatusRequiresPaymentMethod, stripe.PaymentIntentStatusRequiresConfirmation,
		stripe.PaymentIntentStatusRequiresCapture:
		return domain.FactRequiresPaymentMethod
	}
	return Pending
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

func refundOf(r *stripe.Refund) Refund {
	out := Refund{
		State: domain.RefundPending, ProviderID: r.ID, Amount: said(r.Amount, r.Currency),
		RefundID: r.Metadata[metaRefund], PaymentID: r.Metadata[metaPayment],
	}
	if r.PaymentIntent != nil {
		out.IntentID = r.PaymentIntent.ID
	}
	switch r.Status {
	case stripe.RefundStatusSucceeded:
		out.State = domain.RefundDone
	case stripe.RefundStatusFailed, stripe.RefundStatusCanceled:
		out.State = domain.RefundFailed
		out.Failure = &domain.Failure{Code: string(r.FailureReason), Message: "The refund failed at the processor."}
	}
	return out
}

// failureOf prefers the issuer's own code: it says more than card_declined.
func failureOf(e *stripe.Error) *domain.Failure {
	f := &domain.Failure{Code: string(e.DeclineCode), Message: e.Msg}
	if f.Code == "" {
		f.Code = string(e.Code)
	}
	if f.Code == "" {
		f.Code = string(e.Type)
	}
	return f
}
