package handler

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/payment-service/internal/domain"
	"marketplace/payment-service/internal/service"
	"marketplace/shared/auth"
	"marketplace/shared/config"
	"marketplace/shared/idempotency"
	"marketplace/shared/web"
)

// Refunder does what people decide about refunds.
type Refunder interface {
	Refund(ctx context.Context, in service.RefundCommand, answer service.Answer) (idempotency.Reply, error)
	Confirm(ctx context.Context, in service.DecisionCommand, answer service.Answer) (idempotency.Reply, error)
	Reject(ctx context.Context, in service.DecisionCommand, answer service.Answer) (idempotency.Reply, error)
	Settle(ctx context.Context, in service.DecisionCommand, as domain.Settlement, answer service.Answer) (idempotency.Reply, error)
}

// Heeder takes webhooks.
type Heeder interface {
	Heed(ctx context.Context, h domain.Hint) error
}

// Challenger knows how a customer authenticates a payment: with a secret of the processor, empty when there is none now.
type Challenger interface {
	Challenge(ctx context.Context, p domain.Payment) config.Secret
}

// Reader reads payments.
type Reader interface {
	Get(ctx context.Context, id string) (domain.View, error)
	Acts(ctx context.Context, paymentID string) ([]domain.ActView, error)
	List(ctx context.Context, q domain.Query) (page []domain.View, more bool, err error)
}

// Payments answers REST requests about payments, and the processor's.
type Payments struct {
	Refunding Refunder
	Heeding   Heeder
	Reading   Reader
	Asking    Challenger
	Verify    func(payload []byte, signature string) (domain.Hint, error)
}

// base is the path of the collection.
const base = "/api/v1/payments"

// Limits of bodies, in bytes.
const (
	maxRefund  = 16 << 10  // a reason and a note of 500 characters, each of which may come as an escape of twelve bytes
	maxWebhook = 256 << 10 // Stripe sends a whole object with what belongs to it; it says no limit
)

// Register adds the routes. Whose payments they show is decided in each: customers see their own, staff sees all.
func (h *Payments) Register(s *web.Server) {
	tags := []string{"payments"}
	web.Handle(s, auth.SignedIn(), huma.Operation{
		Method: http.MethodGet, Path: base, Tags: tags, Summary: "List payments, the newest first",
	}, h.list)
	web.Handle(s, auth.SignedIn(), huma.Operation{
		Method: http.MethodGet, Path: base + "/{id}", Tags: tags, Summary: "Get a payment with its refunds and its ledger",
		Description: "While the status is `requires_action` its customer, and nobody else, is shown a `next_action`. It is absent when the " +
			"card processor cannot be asked: read again.",
	}, h.get)
	h.registerRefunds(s, tags)
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{
		Method: http.MethodPost, Path: "/api/v1/webhooks/stripe", Tags: []string{"webhooks"}, DefaultStatus: http.StatusOK,
		Summary: "Hear from the card processor", MaxBodyBytes: maxWebhook,
		Description: "Signed by the processor. A webhook is a hint: what it says is looked up before anything is believed.",
	}, "An event is known by its id: the same event again changes nothing."), h.webhook)
}

// staff says whether the identity works for the marketplace: it reads everybody's payments.
func staff(id auth.Identity) bool { return id.Has(auth.RoleSupport, auth.RoleAdmin) }
