package wire

import (
	"strings"
	"time"

	"marketplace/payment-service/internal/sandbox/processor"
)

type refund struct {
	ID            string                 `json:"id"`
	Object        string                 `json:"object"`
	Amount        int64                  `json:"amount"`
	Charge        string                 `json:"charge"`
	Created       int64                  `json:"created"`
	Currency      string                 `json:"currency"`
	FailureReason string                 `json:"failure_reason,omitempty"`
	Metadata      map[string]string      `json:"metadata"`
	PaymentIntent string                 `json:"payment_intent"`
	Reason        *string                `json:"reason"`
	Status        processor.RefundStatus `json:"status"`
}

// Refund renders a refund.
func Refund(r processor.Refund) any {
	return refund{
		ID: r.ID, Object: "refund", Amount: r.Amount, Charge: r.ChargeID, Created: r.CreatedAt.Unix(), Currency: r.Currency,
		FailureReason: r.FailureReason, Metadata: metadata(r.Metadata), PaymentIntent: r.IntentID, Reason: orNull(r.Reason),
		Status: r.Status,
	}
}

type list struct {
	Object  string `json:"object"`
	URL     string `json:"url"`
	HasMore bool   `json:"has_more"`
	Data    []any  `json:"data"`
}

// List renders one page of a collection.
func List(path string, data []any, more bool) any {
	return list{Object: "list", URL: path, HasMore: more, Data: append([]any{}, data...)}
}

// SearchResult renders what a search found, all on one page.
func SearchResult(path string, data []any) any {
	return struct {
		list
		NextPage *string `json:"next_page"`
	}{list: list{Object: "search_result", URL: path, Data: append([]any{}, data...)}}
}

type refusal struct {
	Type          string `json:"type"`
	Message       string `json:"message"`
	Code          string `json:"code,omitempty"`
	DeclineCode   string `json:"decline_code,omitempty"`
	Param         string `json:"param,omitempty"`
	RequestID     string `json:"request_id,omitempty"`
	DocURL        string `json:"doc_url,omitempty"`
	Charge        string `json:"charge,omitempty"`
	PaymentIntent any    `json:"payment_intent,omitempty"`
}

// Error renders a refusal.
func Error(e *processor.Error, requestID, base string) any {
	o := refusal{
		Type: e.Type, Message: e.Message, Code: e.Code, DeclineCode: e.DeclineCode, Param: e.Param, RequestID: requestID,
	}
	if e.Code != "" {
		o.DocURL = "https://stripe.com/docs/error-codes/" + strings.ReplaceAll(e.Code, "_", "-")
	}
	if e.Intent != nil {
		o.PaymentIntent = Intent(*e.Intent, nil, base)
		if e.Intent.Charge != nil && e.Type == processor.TypeCard {
			o.Charge = e.Intent.Charge.ID
		}
	}
	return map[string]refusal{"error": o}
}

type event struct {
	ID              string          `json:"id"`
	Object          string          `json:"object"`
	APIVersion      string          `json:"api_version"`
	Created         int64           `json:"created"`
	Data            eventData       `json:"data"`
	Livemode        bool            `json:"livemode"`
	PendingWebhooks int             `json:"pending_webhooks"`
	Request         eventRequest    `json:"request"`
	Type            processor.Event `json:"type"`
}

type eventData struct {
	Object any `json:"object"`
}

type eventRequest struct {
	ID             *string `json:"id"`
	IdempotencyKey *string `json:"idempotency_key"`
}

// Event renders what a webhook delivers.
func Event(id string, kind processor.Event, at time.Time, requestID, key string, about any) any {
	return event{
		ID: id, Object: "event", APIVersion: APIVersion, Created: at.Unix(), Data: eventData{about}, PendingWebhooks: 1,
		Request: eventRequest{orNull(requestID), orNull(key)}, Type: kind,
	}
}
