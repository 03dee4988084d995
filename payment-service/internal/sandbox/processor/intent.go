package processor

import "time"

// Status is a payment intent's state, in Stripe's words.
type Status string

// The states of a payment intent; the package comment draws them.
const (
	RequiresPaymentMethod Status = "requires_payment_method"
	RequiresConfirmation  Status = "requires_confirmation"
	RequiresAction        Status = "requires_action"
	Processing            Status = "processing"
	Succeeded             Status = "succeeded"
	Canceled              Status = "canceled"
)

// Intent is one payment from its creation to its end. Money is in minor units.
type Intent struct {
	ID           string
	ClientSecret string
	Amount       int64
	Currency     string
	Status       Status
	Method       string // empty while the intent requires one
	Customer     string
	Description  string
	ReturnURL    string
	OffSession   bool
	Metadata     map[string]string
	LastError    *Failure
	CancelReason string
	CanceledAt   time.Time // zero unless canceled
	CreatedAt    time.Time
	SettleAt     time.Time // when a processing intent gets its answer; zero otherwise
	Charge       *Charge   // the latest attempt
}

// Charge is one attempt to take the money, successful or not.
type Charge struct {
	ID        string
	IntentID  string
	Amount    int64
	Refunded  int64 // what refunds, pending or done, have taken out of it
	Currency  string
	Paid      bool
	Method    string
	Brand     string
	Last4     string
	Failure   *Failure
	CreatedAt time.Time

	DisputeID     string // empty unless the cardholder's bank began one
	DisputeStatus DisputeStatus
	DisputedAt    time.Time
}

// Failure says why an attempt took no money.
type Failure struct {
	Code        string `json:"code"`
	DeclineCode string `json:"decline_code,omitempty"`
	Message     string `json:"message"`
	Method      string `json:"method,omitempty"`
}

// Env is what the functions need from outside: the time and new identifiers.
type Env struct {
	Now    time.Time
	NewID  func(prefix string) string
	Settle time.Duration // how long late answers take: processing intents, refunds that end later
}

// Event is the type of something that the outside is told by a webhook.
type Event string

// The events that the processor announces.
const (
	IntentSucceeded      Event = "payment_intent.succeeded"
	IntentFailed         Event = "payment_intent.payment_failed"
	IntentCanceled       Event = "payment_intent.canceled"
	IntentRequiresAction Event = "payment_intent.requires_action"
	IntentProcessing     Event = "payment_intent.processing"
	RefundCreated        Event = "refund.created"
	RefundUpdated        Event = "refund.updated"
	RefundFailed         Event = "refund.failed"
	ChargeRefunded       Event = "charge.refunded"
	DisputeCreated       Event = "charge.dispute.created"
	DisputeUpdated       Event = "charge.dispute.updated"
	DisputeClosed        Event = "charge.dispute.closed"
)

// Change is the outcome of an operation. Intent.Charge is the latest charge as it is afterwards.
type Change struct {
	Intent Intent
	Refund *Refund
	Events []Event
	Err    *Error // the reply to the caller when the operation took effect and failed (a declined card)
}

func (i *Intent) cancelable() bool { return i.Status != Succeeded && i.Status != Canceled }
