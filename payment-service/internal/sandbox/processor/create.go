package processor

import "time"

// NewIntent is what a caller asks for. The zero Confirm only creates.
type NewIntent struct {
	Amount      int64  // in Stripe's unit of the currency
	Currency    string // three lower-case letters
	Method      string
	Customer    string
	Description string
	Metadata    map[string]string
	Confirm     bool
	Confirmation
}

// Confirmation is what a caller may say when an intent is confirmed.
type Confirmation struct {
	ReturnURL  string
	OffSession bool // the shopper is not there: a card that wants 3-D Secure is declined
	// RefuseAction declines instead of asking for 3-D Secure (Stripe's error_on_requires_action).
	RefuseAction bool
	// MayRedirect tells that methods which redirect the shopper are allowed, so that confirming needs a return URL.
	MayRedirect bool
}

// Create makes an intent and, when asked, confirms it. A request that is refused here has no effect.
func Create(n NewIntent, env Env) (Change, *Error) {
	if err := n.check(); err != nil {
		return Change{}, err
	}
	id := env.NewID("pi")
	in := Intent{
		ID:           id,
		ClientSecret: id + "_" + env.NewID("secret"),
		Amount:       n.Amount,
		Currency:     n.Currency,
		Status:       RequiresPaymentMethod,
		Method:       n.Method,
		Customer:     n.Customer,
		Description:  n.Description,
		Metadata:     n.Metadata,
		CreatedAt:    env.Now.UTC().Truncate(time.Microsecond),
	}
	if in.Method != "" {
		in.Status = RequiresConfirmation
	}
	if !n.Confirm {
		return Change{Intent: in}, nil
	}
	return Confirm(in, "", n.Confirmation, env)
}

func (n NewIntent) check() *Error {
	if err := checkAmount(n.Amount, n.Currency); err != nil {
		return err
	}
	if n.Method != "" {
		if _, ok := FindCard(n.Method); !ok {
			return missingMethod(n.Method)
		}
	}
	if n.Confirm {
		return n.Confirmation.check(n.Method)
	}
	return nil
}

func (c Confirmation) check(method string) *Error {
	switch {
	case method == "":
		return Invalid("payment_method", "parameter_missing",
			"You cannot confirm this PaymentIntent because it's missing a payment method.")
	case c.MayRedirect && c.ReturnURL == "":
		return Invalid("return_url", "",
			"A return_url is needed unless payment_method_types is given or automatic_payment_methods[allow_redirects] is never.")
	}
	return nil
}

func missingMethod(id string) *Error { return Missing(400, "payment_method", "PaymentMethod", id) }
