package client

import (
	"time"

	"github.com/google/uuid"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/config"
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
		EventID: e.ID, Type: e.Type, OccurredAt: e.Created, IntentID: e.IntentID,
		PaymentID: ours(e.PaymentID), RefundID: ours(e.RefundID),
	}, nil
}

func ours(id string) string {
	parsed, err := uuid.Parse(id)
	if err != nil {
		return ""
	}
	return parsed.String()
}
