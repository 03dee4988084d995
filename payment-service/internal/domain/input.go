package domain

import (
	"time"

	"marketplace/shared/money"
)

// Input is what a payment decides about.
type Input interface{ isInput() }

// Messages of the other services, named as they are on the bus.
type (
	// StockReserved asks to charge: it brings the order's payment envelope.
	StockReserved struct {
		CustomerID string
		Amount     money.Money
		Method     string
		Remaining  time.Duration // until the order's deadline
	}

	// OrderCancelled: the order has ended. Customer and total make the tombstone of an order never heard of complete.
	OrderCancelled struct {
		CustomerID string
		Total      money.Money
	}

	// ShipmentDispatched: goods of the order have left. It follows order.confirmed, and so the capture.
	ShipmentDispatched struct{}

	// RefundRequested asks for money back for a return. The cause makes it one refund.
	RefundRequested struct {
		Cause  string
		Amount money.Money
	}
)

// What this process does and learns.
type (
	// NoCertainAnswer: the call timed out, or its answer does not say what happened to the money. Certain is only a card
	// error, a validation refusal before execution, and an intent retrieved by its id. That a look-up found nothing is no
	// answer either; Cursor is how far it came.
	NoCertainAnswer struct{ Cursor string }

	// Fact is what the processor certainly says about the intent.
	Fact struct {
		Kind     FactKind
		IntentID string
		Captured money.Money // with FactSucceeded
		Moved    bool        // with FactSucceeded: some of the money was refunded since, or is disputed
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
	RefundUnsettled struct {
		Cause      string
		ProviderID string
		Calls      int // how often the processor was asked, this time included
	}
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

	// FactPending: the processor has not decided, and will say later. The intent's identifier is known.
	FactPending FactKind = "pending"

	// FactForeign: the intent that was read is not this payment's, or does not exist. A hint had named it.
	FactForeign FactKind = "foreign"
)

func (StockReserved) isInput()      {}
func (OrderCancelled) isInput()     {}
func (ShipmentDispatched) isInput() {}
func (RefundRequested) isInput()    {}
func (NoCertainAnswer) isInput()    {}
func (Fact) isInput()               {}
func (RefundSettled) isInput()      {}
func (RefundUnsettled) isInput()    {}
