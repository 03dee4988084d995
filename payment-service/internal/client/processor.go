package client

import (
	"context"
	"errors"
	"fmt"
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/config"
)

// Processor is the card processor in the terms of a payment: what it is asked is the payment itself, what it answers is an
// input for the payment's machine. An error means that there is no certain answer.
type Processor struct{ Stripe *Stripe }

var errForeign = errors.New("the intent belongs to another payment")

// Charge asks for the payment's money, under the payment's key.
func (p Processor) Charge(ctx context.Context, pay domain.Payment) (domain.Fact, error) {
	c, err := p.Stripe.Charge(ctx, ChargeRequest{
		PaymentID: pay.ID, OrderID: pay.OrderID, Amount: pay.Amount, Method: pay.Method, Key: pay.Key(),
	})
	return factOf(c), err
}

// Look reads the payment's intent.
func (p Processor) Look(ctx context.Context, pay domain.Payment) (domain.Fact, error) {
	c, err := p.Stripe.Retrieve(ctx, pay.IntentID)
	return own(pay, c, err)
}

// Challenge is the secret with which the payment's customer can authenticate. It is empty when nothing waits for that any more.
func (p Processor) Challenge(ctx context.Context, pay domain.Payment) (config.Secret, error) {
	c, err := p.Stripe.Retrieve(ctx, pay.IntentID)
	if _, err := own(pay, c, err); err != nil {
		return "", err
	}
	return c.ClientSecret, nil
}

// Find looks for an intent whose identifier was lost. That there is none is a hint only.
func (p Processor) Find(ctx context.Context, pay domain.Payment, age time.Duration) (domain.Fact, bool, error) {
	c, found, err := p.Stripe.FindByPaymentID(ctx, pay.ID, time.Now().Add(-age))
	return factOf(c), found, err
}

// Void cancels the payment's intent, and says what it is then.
func (p Processor) Void(ctx context.Context, pay domain.Payment) (domain.Fact, error) {
	c, err := p.Stripe.CancelIntent(ctx, pay.IntentID)
	return own(pay, c, err)
}

// Refund asks for a refund, under the refund's key.
func (p Processor) Refund(ctx context.Context, pay domain.Payment, f domain.Refund) (domain.Input, error) {
	r, err := p.Stripe.Refund(ctx, RefundRequest{
		RefundID: f.ID, PaymentID: pay.ID, IntentID: pay.IntentID, Amount: f.Amount, Key: f.Key(),
	})
	return answerOf(f, r), err
}

// LookRefund reads a refund that the processor has taken.
func (p Processor) LookRefund(ctx context.Context, f domain.Refund) (domain.Input, error) {
	r, err := p.Stripe.RetrieveRefund(ctx, f.ProviderID)
	return answerOf(f, r), err
}

// FindRefund looks for a refund whose identifier was lost. That there is none is certain once no request can be under way.
func (p Processor) FindRefund(ctx context.Context, pay domain.Payment, f domain.Refund) (domain.Input, bool, error) {
	r, found, err := p.Stripe.FindRefund(ctx, pay.IntentID, f.ID)
	return answerOf(f, r), found, err
}

func factOf(c Charge) domain.Fact {
	f := c.Fact
	f.Card = domain.Card{Brand: c.Brand, Last4: c.Last4}
	return f
}

// own refuses the facts about an intent that is not the payment's: a webhook may have named any.
func own(pay domain.Payment, c Charge, err error) (domain.Fact, error) {
	if err == nil && c.PaymentID != pay.ID {
		return domain.Fact{}, fmt.Errorf("payment %s, intent %s: %w", pay.ID, pay.IntentID, errForeign)
	}
	return factOf(c), err
}

func answerOf(f domain.Refund, r Refund) domain.Input {
	if r.State == domain.RefundPending {
		return domain.RefundUnsettled{Cause: f.Cause, ProviderID: r.ProviderID}
	}
	settled := domain.RefundSettled{Cause: f.Cause, ProviderID: r.ProviderID}
	if r.State == domain.RefundFailed {
		settled.Failure = r.Failure
		if settled.Failure == nil {
			settled.Failure = &domain.Failure{Code: "failed", Message: "The refund failed at the processor."}
		}
	}
	return settled
}
