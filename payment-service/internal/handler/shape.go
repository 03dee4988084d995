package handler

import (
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/config"
	"marketplace/shared/money"
	"marketplace/shared/text"
)

// What is shown of the card processor's texts, in characters: it says no limits of its own.
const (
	maxCode      = 100
	maxMessage   = 300
	maxLast4     = 4
	maxForeignID = 255
)

// Payment is a payment as clients see it.
type Payment struct {
	ID         string      `json:"id" format:"uuid"`
	OrderID    string      `json:"order_id" format:"uuid"`
	CustomerID string      `json:"customer_id,omitempty" format:"uuid"`
	Status     string      `json:"status" enum:"processing,unknown,requires_action,captured,partially_refunded,refunded,voided,failed"`
	Amount     money.Money `json:"amount" doc:"What the order costs"`
	Captured   money.Money `json:"captured"`
	Refunded   money.Money `json:"refunded" doc:"What has gone back; refunds that are pending do not count"`
	Method     Method      `json:"method"`
	Failure    *Failure    `json:"failure,omitempty"`
	Dispute    *Dispute    `json:"dispute,omitempty"`
	CreatedAt  time.Time   `json:"created_at"`
	UpdatedAt  time.Time   `json:"updated_at"`
	Version    int         `json:"version"`
}

// Method is what the customer pays with. Brand and last four digits are known once the card was charged.
type Method struct {
	ID    string `json:"id,omitempty" maxLength:"255" format:"foreign-id" example:"pm_card_visa"`
	Brand string `json:"brand,omitempty" maxLength:"100" example:"visa"`
	Last4 string `json:"last4,omitempty" maxLength:"4" example:"4242"`
}

// Failure is why there is no money.
type Failure struct {
	Code    string `json:"code" maxLength:"100" example:"insufficient_funds" doc:"The card processor's code"`
	Message string `json:"message" maxLength:"300"`
}

// Dispute is what the cardholder's bank has begun. While it is open, and once it is lost, nothing can be refunded.
type Dispute struct {
	ID    string `json:"id" maxLength:"255" format:"foreign-id" doc:"The card processor's"`
	State string `json:"state" enum:"open,won,lost" doc:"won: for the shop"`
}

// Detail is a payment with what happened to it.
type Detail struct {
	Payment
	NextAction *NextAction `json:"next_action,omitempty" doc:"What the customer has to do now; nobody else sees it"`
	Refunds    []Refund    `json:"refunds"`
	Ledger     []Entry     `json:"ledger" doc:"What moved; the sum is the money that is here"`
}

// NextAction lets the customer's browser finish 3-D Secure, as Stripe.js does it.
type NextAction struct {
	Type         string `json:"type" enum:"use_stripe_sdk"`
	ClientSecret string `json:"client_secret" doc:"For stripe.handleNextAction. Whoever has it can pay: keep it nowhere"`
}

// Refund is money on its way back.
type Refund struct {
	ID        string      `json:"id" format:"uuid"`
	Status    string      `json:"status" enum:"awaiting_confirmation,rejected,pending,done,failed,needs_attention" doc:"The customer sees pending, done and failed only"`
	Amount    money.Money `json:"amount"`
	Cause     string      `json:"cause" doc:"What it is for; a payment has one refund per cause. external: it was made at the card processor by somebody else"`
	Reason    string      `json:"reason,omitempty" doc:"For the customer"`
	Note      string      `json:"note,omitempty" doc:"For the staff, who alone see it"`
	Failure   *Failure    `json:"failure,omitempty" doc:"Why it failed, or why it needs attention if that is known"`
	Acts      []Act       `json:"acts,omitempty" doc:"What people decided about it; the staff alone sees them"`
	CreatedAt *time.Time  `json:"created_at,omitempty"`
	SettledAt *time.Time  `json:"settled_at,omitempty"`
}

// Act is what a person decided about a refund.
type Act struct {
	Act  string    `json:"act" enum:"asked,confirmed,rejected,outside,console,retry,abandon,done" doc:"done is outside or console, as an earlier version kept it"`
	By   string    `json:"by" doc:"A user's id, or operator:NAME for a command"`
	Note string    `json:"note,omitempty"`
	At   time.Time `json:"at"`
}

// Entry is a line of the ledger.
type Entry struct {
	Kind   string      `json:"kind" enum:"charge,refund"`
	Amount money.Money `json:"amount" doc:"Negative for a refund"`
	Cause  string      `json:"cause,omitempty"`
	At     time.Time   `json:"at"`
}

// paymentShape is the one conversion of a payment on its way out.
func paymentShape(v domain.View) Payment {
	shape := Payment{
		ID: v.ID, OrderID: v.OrderID, CustomerID: v.CustomerID, Status: string(v.Status()), Amount: v.Amount,
		Captured: v.Captured, Refunded: v.Refunded(), Method: Method{ID: v.Method, Brand: text.Cut(v.Card.Brand, maxCode), Last4: text.Cut(v.Card.Last4, maxLast4)},
		Failure: failureShape(v.Failure), Dispute: disputeShape(v.Dispute), CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt, Version: v.Version,
	}
	shape.Captured.Currency, shape.Refunded.Currency = v.Amount.Currency, v.Amount.Currency
	return shape
}

// detailShape is a payment as the staff sees it, or as its customer does: he sees refunds that somebody has decided on and
// that count, and not how it was decided.
func detailShape(v domain.View, acts []domain.ActView, forStaff bool) Detail {
	shape := Detail{Payment: paymentShape(v), Refunds: []Refund{}, Ledger: make([]Entry, len(v.Ledger))}
	for _, f := range v.Refunds {
		if !forStaff && (f.State == domain.RefundAwaiting || f.State == domain.RefundRejected || f.Unbooked()) {
			continue
		}
		one := refundShape(f.Refund, f.Reason)
		one.CreatedAt, one.SettledAt = &f.CreatedAt, f.SettledAt
		if forStaff {
			one.Note, one.Acts = f.Note, actShapes(acts, f.ID)
		} else if f.State == domain.RefundAttention {
			one.Status, one.Failure = string(domain.RefundPending), nil
		}
		shape.Refunds = append(shape.Refunds, one)
	}
	for i, e := range v.Ledger {
		shape.Ledger[i] = Entry{Kind: string(e.Kind), Amount: e.Amount, Cause: e.Cause, At: e.At}
	}
	return shape
}

func nextAction(secret config.Secret) *NextAction {
	if secret == "" {
		return nil
	}
	return &NextAction{Type: "use_stripe_sdk", ClientSecret: secret.Reveal()}
}

func refundShape(f domain.Refund, reason string) Refund {
	return Refund{
		ID: f.ID, Status: string(f.State), Amount: f.Amount, Cause: f.Cause, Reason: reason, Failure: failureShape(f.Failure),
	}
}

func actShapes(acts []domain.ActView, refundID string) (shapes []Act) {
	for _, a := range acts {
		if a.RefundID == refundID {
			shapes = append(shapes, Act{Act: string(a.Kind), By: a.By, Note: a.Note, At: a.At})
		}
	}
	return shapes
}

func disputeShape(d domain.Dispute) *Dispute {
	if d.State == "" {
		return nil
	}
	return &Dispute{ID: text.Cut(d.ID, maxForeignID), State: string(d.State)}
}

func failureShape(f *domain.Failure) *Failure {
	if f == nil {
		return nil
	}
	return &Failure{Code: text.Cut(f.Code, maxCode), Message: text.Cut(f.Message, maxMessage)}
}
