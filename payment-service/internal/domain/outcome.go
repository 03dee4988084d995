package domain

import "marketplace/shared/money"

// Outcome is what follows from a decision beside the new state.
type Outcome struct {
	Messages []Message
	Refunds  []Refund // new rows; they are in the payment too
	Entries  []Entry

	Ask  Ask  // what the processor is asked now, with Due
	Next Next // when the payment is due again, unless it is asked about now

	// Again: something happened that makes the processor be asked at once, or as soon as a task under way is answered.
	Again bool

	LookUp     []string // refunds that the processor is asked about at once
	Bounced    []string // refunds that were done, and that a bank has sent back since: for people to look at
	Unresolved bool     // the look-ups have ended, and nobody knows what became of the money: for people to look at
}

// Entry is a line of the append-only ledger. The sum of a payment's entries is the money that is here.
type Entry struct {
	Kind   EntryKind
	Amount money.Money // negative for a refund
	Cause  string      // the refund's; empty for the charge
}

// EntryKind says what a line of the ledger books.
type EntryKind string

const (
	EntryCharge EntryKind = "charge"
	EntryRefund EntryKind = "refund"
)

// Message is what the order is told.
type Message interface {
	// Type is the message's name on the bus.
	Type() string
}

type (
	// PaymentCaptured: the money is here.
	PaymentCaptured struct{ Amount money.Money }

	// PaymentFailed: there will be no money.
	PaymentFailed struct{ Failure Failure }

	// PaymentRefunded: money went back to the customer.
	PaymentRefunded struct {
		Cause    string
		Amount   money.Money // this time
		Refunded money.Money // in all, this time included
	}
)

func (PaymentCaptured) Type() string { return "payment.captured" }
func (PaymentFailed) Type() string   { return "payment.failed" }
func (PaymentRefunded) Type() string { return "payment.refunded" }
