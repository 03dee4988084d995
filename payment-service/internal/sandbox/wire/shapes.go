// Package wire is the JSON that callers of the processor see: Stripe's objects, as its client libraries decode them.
//
// References to other objects are identifiers, or the objects themselves where the caller asked for it with expand[].
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

type object map[string]any

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

// Intent renders a payment intent. base is the address under which 3-D Secure can be finished; empty when nobody asks.
func Intent(in processor.Intent, expand Expand, base string) any {
	o := object{
		"id": in.ID, "object": "payment_intent", "amount": in.Amount, "amount_capturable": 0, "amount_received": 0,
		"automatic_payment_methods": nil, "canceled_at": unixOrNil(in.CanceledAt), "cancellation_reason": orNil(in.CancelReason),
		"capture_method": "automatic_async", "client_secret": in.ClientSecret, "confirmation_method": "automatic",
		"created": in.CreatedAt.Unix(), "currency": in.Currency, "customer": orNil(in.Customer),
		"description": orNil(in.Description), "last_payment_error": lastError(in.LastError), "latest_charge": nil,
		"livemode": false, "metadata": metadata(in.Metadata), "next_action": nextAction(in, base),
		"payment_method": orNil(in.Method), "payment_method_types": []string{"card"}, "status": in.Status,
	}
	if in.Status == processor.Succeeded {
		o["amount_received"] = in.Amount
	}
	if in.Charge != nil {
		o["latest_charge"] = in.Charge.ID
		if slices.Contains(expand, "latest_charge") {
			o["latest_charge"] = Charge(in)
		}
	}
	return o
}

// Charge renders the latest attempt of an intent.
func Charge(in processor.Intent) any {
	c := in.Charge
	o := object{
		"id": c.ID, "object": "charge", "amount": c.Amount, "amount_captured": 0, "amount_refunded": c.Refunded,
		"captured": c.Paid, "created": c.CreatedAt.Unix(), "currency": c.Currency, "customer": orNil(in.Customer),
		"failure_code": nil, "failure_message": nil, "livemode": false, "metadata": metadata(in.Metadata),
		"outcome": object{"network_status": "approved_by_network", "type": "authorized"},
		"paid":    c.Paid, "payment_intent": in.ID, "payment_method": c.Method,
		"payment_method_details": object{"type": "card", "card": card(c.Brand, c.Last4)},
		"refunded":               c.Paid && c.Refunded == c.Amount, "status": "succeeded",
	}
	if c.Paid {
		o["amount_captured"] = c.Amount
	} else {
		o["status"] = "failed"
		o["outcome"] = object{"network_status": "declined_by_network", "type": "issuer_declined"}
	}
	if c.Failure != nil {
		o["failure_code"], o["failure_message"] = c.Failure.Code, c.Failure.Message
	}
	return o
}

// Refund renders a refund.
func Refund(r processor.Refund) any {
	o := object{
		"id": r.ID, "object": "refund", "amount": r.Amount, "charge": r.ChargeID, "created": r.CreatedAt.Unix(),
		"currency": r.Currency, "metadata": metadata(r.Metadata), "payment_intent": r.IntentID, "reason": orNil(r.Reason),
		"status": r.Status,
	}
	if r.FailureReason != "" {
		o["failure_reason"] = r.FailureReason
	}
	return o
}

// List renders one page of a collection.
func List(path string, data []any, more bool) any {
	if data == nil {
		data = []any{}
	}
	return object{"object": "list", "url": path, "has_more": more, "data": data}
}

// SearchResult renders what a search found.
func SearchResult(path string, data []any) any {
	if data == nil {
		data = []any{}
	}
	return object{"object": "search_result", "url": path, "has_more": false, "next_page": nil, "data": data}
}

// Error renders a refusal.
func Error(e *processor.Error, requestID, base string) any {
	o := object{"type": e.Type, "message": e.Message}
	for name, value := range map[string]string{
		"code": e.Code, "decline_code": e.DeclineCode, "param": e.Param, "request_id": requestID,
	} {
		if value != "" {
			o[name] = value
		}
	}
	if e.Code != "" {
		o["doc_url"] = "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(e.Code, "_", "-")
	}
	if e.Intent != nil {
		o["payment_intent"] = Intent(*e.Intent, nil, base)
		if e.Intent.Charge != nil && e.Type == processor.TypeCard {
			o["charge"] = e.Intent.Charge.ID
		}
	}
	return object{"error": o}
}

// Event renders what a webhook delivers.
func Event(id string, kind processor.Event, at time.Time, requestID, key string, about any) any {
	return object{
		"id": id, "object": "event", "api_version": APIVersion, "created": at.Unix(), "livemode": false,
		"pending_webhooks": 1, "type": kind, "data": object{"object": about},
		"request": object{"id": orNil(requestID), "idempotency_key": orNil(key)},
	}
}

// Encode writes a shape as JSON.
func Encode(shape any) []byte {
	body, err := json.Marshal(shape)
	if err != nil { // every shape above is made of strings, numbers and maps of them
		panic(err)
	}
	return body
}

func card(brand, last4 string) object {
	return object{"brand": brand, "last4": last4, "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit"}
}

func lastError(f *processor.Failure) any {
	if f == nil {
		return nil
	}
	o := object{"type": processor.TypeCard, "code": f.Code, "message": f.Message}
	if f.DeclineCode != "" {
		o["decline_code"] = f.DeclineCode
	}
	if c, ok := processor.FindCard(f.Method); ok {
		o["payment_method"] = object{
			"id": f.Method, "object": "payment_method", "type": "card", "card": card(c.Brand, c.Last4),
		}
	}
	return o
}

func nextAction(in processor.Intent, base string) any {
	switch {
	case in.Status != processor.RequiresAction:
		return nil
	case in.ReturnURL == "":
		return object{"type": "use_stripe_sdk", "use_stripe_sdk": object{"type": "three_d_secure_redirect"}}
	}
	return object{"type": "redirect_to_url", "redirect_to_url": object{
		"url": base + "/sandbox/payment_intents/" + in.ID + "/authenticate", "return_url": in.ReturnURL,
	}}
}

func metadata(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func unixOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Unix()
}
