package client

import (
	"strings"
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/config"
	"marketplace/shared/ids"
)

// Webhooks reads what the processor sends.
type Webhooks struct {
	Secrets []config.Secret // any of them may have signed
	Now     func() time.Time
}

// Read verifies a delivery and returns what it hints at, or ErrWebhook. Identifiers that are not ours are left out: others
// may use the same account of the processor.
func (w Webhooks) Read(payload []byte, signature string) (domain.Hint, error) {
	e, err := VerifyWebhook(payload, signature, w.Secrets, w.Now())
	if err != nil {
		return domain.Hint{}, err
	}
	return domain.Hint{
		EventID: e.ID, Type: e.Type, Kind: kindOfEvent(e), OccurredAt: e.Created, IntentID: e.IntentID,
		PaymentID: ours(e.PaymentID), RefundID: ours(e.RefundID),
	}, nil
}

// kindOfEvent is what an event is about, by Stripe's names (https://docs.stripe.com/api/events/types).
func kindOfEvent(e Event) domain.HintKind {
	switch {
	case e.RefundID != "" && e.Type == "refund.failed":
		return domain.HintRefundFailed
	case e.RefundID != "":
		return domain.HintRefund
	case strings.HasPrefix(e.Type, "refund.") || strings.HasPrefix(e.Type, "charge.dispute.") || e.Type == "charge.refunded":
		return domain.HintBooks
	case e.Type == "payment_intent.payment_failed" || e.Type == "payment_intent.canceled":
		return domain.HintNoMoney
	}
	return domain.HintIntent
}

func ours(id string) string {
	if !ids.Valid(id) {
		return ""
	}
	return id
}
