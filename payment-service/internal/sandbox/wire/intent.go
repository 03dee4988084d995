// Package wire is the JSON that callers of the processor see: Stripe's objects, as its client libraries decode them.
//
// References to other objects are identifiers, or the objects themselves where the caller asked for it with expand[]. A field
// that Stripe sends as null is a pointer here; one that it leaves out is omitted.
package wire

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"marketplace/payment-service/internal/sandbox/processor"
)

// APIVersion is the version of Stripe's API whose shapes these are; events carry it.
const APIVersion = "2026-03-25.dahlia"

// Expand says which references a caller wants in full, as in expand[]=latest_charge.
type Expand []string

// Within returns what is asked of the elements of a list, whose paths start with data.
func (e Expand) Within(prefix string) Expand {
	var inner Expand
	for _, path := range e {
		if rest, ok := strings.CutPrefix(path, prefix+"."); ok {
			inner = append(inner, rest)
		}
	}
	return inner
}

type intent struct {
	ID                      string            `json:"id"`
	Object                  string            `json:"object"`
	Amount                  int64             `json:"amount"`
	AmountCapturable        int64             `json:"amount_capturable"`
	AmountReceived          int64             `json:"amount_received"`
	AutomaticPaymentMethods *struct{}         `json:"automatic_payment_methods"`
	CanceledAt              *int64            `json:"canceled_at"`
	CancellationReason      *string           `json:"cancellation_reason"`
	CaptureMethod           string            `json:"capture_method"`
	ClientSecret            string            `json:"client_secret"`
	ConfirmationMethod      string            `json:"confirmation_method"`
	Created                 int64             `json:"created"`
	Currency                string            `json:"currency"`
	Customer                *string           `json:"customer"`
	Description             *string           `json:"description"`
	LastPaymentError        *lastError        `json:"last_payment_error"`
	LatestCharge            any               `json:"latest_charge"`
	Livemode                bool              `json:"livemode"`
	Metadata                map[string]string `json:"metadata"`
	NextAction              *nextAction       `json:"next_action"`
	PaymentMethod           *string           `json:"payment_method"`
	PaymentMethodTypes      []string          `json:"payment_method_types"`
	Status                  processor.Status  `json:"status"`
}

type lastError struct {
	Type          string         `json:"type"`
	Code          string         `json:"code"`
	DeclineCode   string         `json:"decline_code,omitempty"`
	Message       string         `json:"message"`
	PaymentMethod *paymentMethod `json:"payment_method,omitempty"`
}

type paymentMethod struct {
	ID     string `json:"id"`
	Object string `json:"object"`
	Type   string `json:"type"`
	Card   card   `json:"card"`
}

type nextAction struct {
	Type          string         `json:"type"`
	RedirectToURL *redirect      `json:"redirect_to_url,omitempty"`
	UseStripeSDK  map[string]any `json:"use_stripe_sdk,omitempty"`
}

type redirect struct {
	URL       string `json:"url"`
	ReturnURL string `json:"return_url"`
}

// Intent renders a payment intent. base is the address under which 3-D Secure can be finished; empty when nobody asks.
func Intent(in processor.Intent, expand Expand, base string) any {
	o := intent{
		ID: in.ID, Object: "payment_intent", Amount: in.Amount, CanceledAt: unix(in.CanceledAt),
		CancellationReason: orNull(in.CancelReason), CaptureMethod: "automatic_async", ClientSecret: in.ClientSecret,
		ConfirmationMethod: "automatic", Created: in.CreatedAt.Unix(), Currency: in.Currency, Customer: orNull(in.Customer),
		Description: orNull(in.Description), LastPaymentError: lastErrorOf(in.LastError), Metadata: metadata(in.Metadata),
		NextAction: nextActionOf(in, base), PaymentMethod: orNull(in.Method), PaymentMethodTypes: []string{"card"}, Status: in.Status,
	}
	if in.Status == processor.Succeeded {
		o.AmountReceived = in.Amount
	}
	if in.Charge != nil {
		o.LatestCharge = in.Charge.ID
		if slices.Contains(expand, "latest_charge") {
			o.LatestCharge = Charge(in)
		}
	}
	return o
}

func lastErrorOf(f *processor.Failure) *lastError {
	if f == nil {
		return nil
	}
	o := &lastError{Type: processor.TypeCard, Code: f.Code, DeclineCode: f.DeclineCode, Message: f.Message}
	if c, ok := processor.FindCard(f.Method); ok {
		o.PaymentMethod = &paymentMethod{ID: f.Method, Object: "payment_method", Type: "card", Card: cardOf(c.Brand, c.Last4)}
	}
	return o
}

func nextActionOf(in processor.Intent, base string) *nextAction {
	switch {
	case in.Status != processor.RequiresAction:
		return nil
	case in.ReturnURL == "":
		return &nextAction{Type: "use_stripe_sdk", UseStripeSDK: map[string]any{"type": "three_d_secure_redirect"}}
	}
	return &nextAction{Type: "redirect_to_url", RedirectToURL: &redirect{
		URL: base + "/sandbox/payment_intents/" + in.ID + "/authenticate", ReturnURL: in.ReturnURL,
	}}
}

// Encode writes a shape as JSON.
func Encode(shape any) []byte {
	body, err := json.Marshal(shape)
	if err != nil { // every shape here is made of strings and numbers
		panic(err)
	}
	return body
}

func metadata(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func unix(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	seconds := t.Unix()
	return &seconds
}
