package handler

import (
	"context"
	"strings"

	"marketplace/payment-service/internal/sandbox/form"
	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/payment-service/internal/sandbox/store"
)

// The parameters that are accepted. Those that the code below does not read change nothing here: they are text for receipts
// and statements, or ask for what the sandbox does anyway.
var (
	intentParams = []string{
		"amount", "automatic_payment_methods", "capture_method", "confirm", "confirmation_method", "currency", "customer",
		"description", "error_on_requires_action", "expand", "metadata", "off_session", "payment_method",
		"payment_method_options", "payment_method_types", "receipt_email", "return_url", "setup_future_usage", "shipping",
		"statement_descriptor", "statement_descriptor_suffix", "transfer_group", "use_stripe_sdk",
	}
	confirmParams = []string{
		"capture_method", "error_on_requires_action", "expand", "off_session", "payment_method", "payment_method_options",
		"payment_method_types", "receipt_email", "return_url", "setup_future_usage", "shipping", "use_stripe_sdk",
	}
	cancelParams = []string{"cancellation_reason", "expand"}
	refundParams = []string{"amount", "expand", "metadata", "payment_intent", "reason"}
)

func (h *Handler) createIntent(ctx context.Context, c call) (store.Reply, error) {
	n, refusal := newIntent(c.values)
	if refusal != nil {
		return store.Reply{}, refusal
	}
	return h.Service.Create(ctx, c.Request, n)
}

func newIntent(v form.Values) (n processor.NewIntent, refusal *processor.Error) {
	for _, required := range []string{"amount", "currency"} {
		if !v.Has(required) {
			return n, processor.Invalid(required, "parameter_missing", "Missing required param: %s.", required)
		}
	}
	if refusal = onlyCards(v); refusal != nil {
		return n, refusal
	}
	if n.Amount, refusal = v.Int("amount", 0); refusal != nil {
		return n, refusal
	}
	if n.Confirm, refusal = v.Bool("confirm"); refusal != nil {
		return n, refusal
	}
	if n.Metadata, refusal = v.Metadata(); refusal != nil {
		return n, refusal
	}
	n.Currency = strings.ToLower(v.String("currency"))
	n.Method, n.Customer, n.Description = v.String("payment_method"), v.String("customer"), v.String("description")
	if n.Confirmation, refusal = confirmation(v); refusal != nil {
		return n, refusal
	}
	// Without a list of types, and unless redirects are ruled out, Stripe offers methods that redirect.
	n.MayRedirect = !v.Has("payment_method_types") && v.String("automatic_payment_methods[allow_redirects]") != "never"
	return n, nil
}

func (h *Handler) confirmIntent(ctx context.Context, c call) (store.Reply, error) {
	if refusal := onlyCards(c.values); refusal != nil {
		return store.Reply{}, refusal
	}
	confirm, refusal := confirmation(c.values)
	if refusal != nil {
		return store.Reply{}, refusal
	}
	return h.Service.Confirm(ctx, c.Request, c.id, c.values.String("payment_method"), confirm)
}

func confirmation(v form.Values) (c processor.Confirmation, refusal *processor.Error) {
	c.ReturnURL = v.String("return_url")
	if c.RefuseAction, refusal = v.Bool("error_on_requires_action"); refusal != nil {
		return c, refusal
	}
	switch v.String("off_session") {
	case "one_off", "recurring": // says what for, and means yes
		c.OffSession = true
	default:
		c.OffSession, refusal = v.Bool("off_session")
	}
	return c, refusal
}

// onlyCards refuses what the sandbox cannot do, rather than to do something else.
func onlyCards(v form.Values) *processor.Error {
	for _, method := range v.List("payment_method_types") {
		if method != "card" {
			return processor.Invalid("payment_method_types", "", "The sandbox takes cards only.")
		}
	}
	if m := v.String("capture_method"); m != "" && m != "automatic" && m != "automatic_async" {
		return processor.Invalid("capture_method", "", "The sandbox captures at once: capture_method must be automatic.")
	}
	return nil
}

func (h *Handler) cancelIntent(ctx context.Context, c call) (store.Reply, error) {
	return h.Service.Cancel(ctx, c.Request, c.id, c.values.String("cancellation_reason"))
}

func (h *Handler) createRefund(ctx context.Context, c call) (store.Reply, error) {
	intentID := c.values.String("payment_intent")
	if intentID == "" {
		return store.Reply{}, processor.Invalid("payment_intent", "parameter_missing", "Missing required param: payment_intent.")
	}
	n := processor.NewRefund{Reason: c.values.String("reason")}
	var refusal *processor.Error
	if n.Metadata, refusal = c.values.Metadata(); refusal != nil {
		return store.Reply{}, refusal
	}
	if c.values.Has("amount") {
		if n.Amount, refusal = c.values.Int("amount", 0); refusal != nil {
			return store.Reply{}, refusal
		}
		if n.Amount < 1 {
			return store.Reply{}, processor.Invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
		}
	}
	return h.Service.Refund(ctx, c.Request, intentID, n)
}
