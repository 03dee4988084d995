package handler

import (
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/config"
	"marketplace/shared/money"
)

// Payment is a payment as clients see it.
type Payment struct {
	ID         string      `json:"id"`
	OrderID    string      `json:"order_id"`
	CustomerID string      `json:"customer_id,omitempty"`
	Status     string      `json:"status" enum:"processing,unknown,requires_action,captured,partially_refunded,refunded,voided,failed"`
	Amount     money.Money `json:"amount" doc:"What the order costs"`
	Captured   money.Money `json:"captured"`
	Refunded   money.Money `json:"refunded" doc:"What has gone back; refunds that are pending do not count"`
	Method     Method      `json:"method"`
	Failure    *Failure    `json:"failure,omitempty"`
	CreatedAt  time.Time   `json:"created_at"`
	UpdatedAt  time.Time   `json:"updated_at"`
	Version    int         `json:"version"`
}

// Method is what the customer pays with. Brand and last four digits are known once the card was charged.
type Method struct {
	ID    string `json:"id,omitempty" example:"pm_card_visa"`
	Brand string `json:"brand,omitempty" example:"visa"`
	Last4 string `json:"last4,omitempty" example:"4242"`
}

// Failure is why there is no money.
type Failure struct {
	Code    string `json:"code" example:"insufficient_funds" doc:"The card processor's code"`
	Message string `json:"message"`
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
	ID        string      `json:"id"`
	Status    string      `json:"status" enum:"pending,done,failed"`
	Amount    money.Money `json:"amount"`
	Cause     string      `json:"cause" doc:"What it is for; a payment has one refund per cause"`
	Reason    string      `json:"reason,omitempty"`
	Failure   *Failure    `json:"failure,omitempty"`
	CreatedAt *time.Time  `json:"created_at,omitempty"`
	SettledAt *time.Time  `json:"settled_at,omitempty"`
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
		Captured: v.Captured, Refunded: v.Refunded(), Method: Method{ID: v.Method, Brand: v.Card.Brand, Last4: v.Card.Last4},
		Failure: failureShape(v.Failure), CreatedAt: v.CreatedAt, UpdatedAt: v.UpdatedAt, Version: v.Version,
	}
	shape.Captured.Currency, shape.Refunded.Currency = v.Amount.Currency, v.Amount.Currency
	return shape
}

func detailShape(v domain.View) Detail {
	shape := Detail{Payment: paymentShape(v), Refunds: make([]Refund, len(v.Refunds)), Ledger: make([]Entry, len(v.Ledger))}
	for i, f := range v.Refunds {
		shape.Refunds[i] = refundShape(f.Refund, f.Reason)
		shape.Refunds[i].CreatedAt, shape.Refunds[i].SettledAt = &f.CreatedAt, f.SettledAt
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

func failureShape(f *domain.Failure) *Failure {
	if f == nil {
		return nil
	}
	return &Failure{Code: f.Code, Message: f.Message}
}
