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
	c, err := p.Stripe.Charge(ctx, requestOf(pay))
	return factOf(pay, c, err)
}

// Fence makes the payment's charge impossible, or finds out what became of it: see Stripe.Fence.
func (p Processor) Fence(ctx context.Context, pay domain.Payment) (domain.Fact, error) {
	c, err := p.Stripe.Fence(ctx, requestOf(pay))
	return factOf(pay, c, err)
}

// requestOf is the payment's one request. It never changes: whoever sends it again sends the same.
func requestOf(pay domain.Payment) ChargeRequest {
	return ChargeRequest{PaymentID: pay.ID, OrderID: pay.OrderID, Amount: pay.Charge(), Method: pay.Method, Key: pay.Key()}
}

// Look reads the payment's intent. An intent that is another's, or none, is a fact too: a webhook may have named any.
func (p Processor) Look(ctx context.Context, pay domain.Payment) (domain.Fact, error) {
	c, err := p.Stripe.Retrieve(ctx, pay.IntentID)
	fact, err := own(pay, c, err)
	if errors.Is(err, errForeign) || errors.Is(err, ErrNotFound) {
		return domain.Fact{Kind: domain.FactForeign, IntentID: pay.IntentID}, nil
	}
	return fact, err
}

// Challenge is the secret with which the payment's customer can authenticate. It is empty when nothing waits for that any more.
func (p Processor) Challenge(ctx context.Context, pay domain.Payment) (config.Secret, error) {
	c, err := p.Stripe.Retrieve(ctx, pay.IntentID)
	if _, err := own(pay, c, err); err != nil {
		return "", err
	}
	return c.ClientSecret, nil
}

// Find looks for an intent whose identifier was lost. That there is none says nothing: then NoCertainAnswer says how far the
// search has come.
func (p Processor) Find(ctx context.Context, pay domain.Payment) (domain.Input, error) {
	c, found, cursor, err := p.Stripe.FindByPaymentID(ctx, pay.ID, time.Now().Add(-pay.Asking.Marked), pay.Asking.Cursor)
	if err != nil || !found {
		return domain.NoCertainAnswer{Cursor: cursor}, err
	}
	fact, err := factOf(pay, c, err)
	if err != nil {
		return domain.NoCertainAnswer{Cursor: cursor}, err
	}
	return fact, nil
}

// Void cancels the payment's intent, and says what it is then.
func (p Processor) Void(ctx context.Context, pay domain.Payment) (domain.Fact, error) {
	c, err := p.Stripe.CancelIntent(ctx, pay.IntentID)
	return own(pay, c, err)
}

// Refund asks for a refund, under the refund's key. A refusal comes with the processor's books, which say why: somebody else
// may have given the money back, or a bank may have taken it.
func (p Processor) Refund(ctx context.Context, pay domain.Payment, f domain.Refund) (domain.Input, error) {
	amount, err := pay.Theirs(f.Amount)
	if err != nil {
		return domain.RefundSettled{Cause: f.Cause, Failure: &amountStep}, nil
	}
	r, err := p.Stripe.Refund(ctx, RefundRequest{
		RefundID: f.ID, PaymentID: pay.ID, IntentID: pay.IntentID, Amount: amount, Key: f.Key(),
	})
	if err != nil || r.State != domain.RefundFailed || r.ProviderID != "" {
		return answerOf(f, r), err
	}
	books, err := p.Stripe.Books(ctx, pay.IntentID, pay.Ours)
	books.Refused = &domain.Refused{Cause: f.Cause, Failure: *failureOr(r.Failure)}
	return books, err
}

// Books are what the processor shows of the payment's money after the capture.
func (p Processor) Books(ctx context.Context, pay domain.Payment) (domain.Books, error) {
	return p.Stripe.Books(ctx, pay.IntentID, pay.Ours)
}

// PaymentOf says whose an intent is; empty when it is nobody's of ours.
func (p Processor) PaymentOf(ctx context.Context, intentID string) (string, error) {
	c, err := p.Stripe.Retrieve(ctx, intentID)
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return ours(c.PaymentID), err
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

// factOf is the answer in our units. Money that cannot be said in them is no certain answer: somebody has to look.
func factOf(pay domain.Payment, c Charge, err error) (domain.Fact, error) {
	if err != nil {
		return domain.Fact{}, err
	}
	f := c.Fact
	f.Card = domain.Card{Brand: c.Brand, Last4: c.Last4}
	if f.Kind == domain.FactSucceeded {
		if f.Captured, err = pay.Ours(c.Received); err != nil {
			return domain.Fact{}, err
		}
	}
	return f, nil
}

// own refuses the facts about an intent that is not the payment's: a webhook may have named any.
func own(pay domain.Payment, c Charge, err error) (domain.Fact, error) {
	if err == nil && c.PaymentID != pay.ID {
		return domain.Fact{}, fmt.Errorf("payment %s, intent %s: %w", pay.ID, pay.IntentID, errForeign)
	}
	return factOf(pay, c, err)
}

func answerOf(f domain.Refund, r Refund) domain.Input {
	if r.State == domain.RefundPending {
		return domain.RefundUnsettled{Cause: f.Cause, ProviderID: r.ProviderID}
	}
	settled := domain.RefundSettled{Cause: f.Cause, ProviderID: r.ProviderID}
	if r.State == domain.RefundFailed {
		settled.Failure = failureOr(r.Failure)
	}
	return settled
}

func failureOr(f *domain.Failure) *domain.Failure {
	if f == nil {
		return &domain.Failure{Code: "failed", Message: "The refund failed at the processor."}
	}
	return f
}
