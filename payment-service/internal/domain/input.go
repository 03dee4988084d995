package domain

import "marketplace/shared/money"

// Input is what a payment decides about.
type Input interface{ isInput() }

// Messages of the other services, named as they are on the bus.
type (
	// StockReserved asks to charge: it brings the order's payment envelope.
	StockReserved struct {
		CustomerID string
		Amount     money.Money
		Method     string
	}

	// OrderCancelled: the order has ended. Customer and total make the tombstone of an order never heard of complete.
	OrderCancelled struct {
		CustomerID string
		Total      money.Money
	}

	// RefundRequested asks for money back: a return, or support. The cause makes it one refund.
	RefundRequested struct {
		Cause  string
		Amount money.Money
	}
)

// What this process does and learns.
type (
	// Attempt marks that a call is about to leave. Only a payment that is Called after it may be called for.
	Attempt struct{}

	// NoCertainAnswer: the call timed out, or its answer does not say what happened to the money. Certain is only a card
	// error, a validation refusal before execution, and an intent retrieved by its id.
	NoCertainAnswer struct{}

	// Fact is what the processor certainly says about the intent.
	Fact struct {
		Kind     FactKind
		IntentID string
		Captured money.Money // with FactSucceeded
		Failure  *Failure    // with the others, when there is one
		Card     Card        // when an attempt was made
	}

	// RefundSettled is what the processor certainly says about the refund of a cause.
	RefundSettled struct {
		Cause      string
		ProviderID string   // the processor's identifier, when there is one
		Failure    *Failure // nil: done
	}

	// RefundUnsettled: the processor took the refund of a cause and will say later what became of it, or gave no certain
	// answer, and no identifier then.
	RefundUnsettled struct{ Cause, ProviderID string }
)

// FactKind is the state of an intent, as far as a payment cares.
type FactKind string

const (
	FactSucceeded FactKind = "succeeded"

	// FactDeclined: the card was refused in the answer to the call itself, so that nobody holds a secret to try another.
	FactDeclined FactKind = "declined"

	// FactCanceled: the intent is cancelled, and can never be paid.
	FactCanceled FactKind = "canceled"

	// FactRequiresAction: the intent waits for the shopper.
	FactRequiresAction FactKind = "requires_action"

	// FactRequiresPaymentMethod: 3-D Secure failed. The shopper's client secret could still pay with another card.
	FactRequiresPaymentMethod FactKind = "requires_payment_method"
)

func (StockReserved) isInput()   {}
func (OrderCancelled) isInput()  {}
func (RefundRequested) isInput() {}
func (Attempt) isInput()         {}
func (NoCertainAnswer) isInput() {}
func (Fact) isInput()            {}
func (RefundSettled) isInput()   {}
func (RefundUnsettled) isInput() {}
