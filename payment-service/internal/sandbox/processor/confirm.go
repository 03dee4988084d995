package processor

import (
	"slices"
	"strings"
	"time"
)

// Confirm tries to take the money. method replaces the intent's own when it is given.
func Confirm(in Intent, method string, c Confirmation, env Env) (Change, *Error) {
	if method != "" {
		if _, ok := FindCard(method); !ok {
			return Change{}, missingMethod(method)
		}
	}
	if !slices.Contains([]Status{RequiresPaymentMethod, RequiresConfirmation}, in.Status) {
		return Change{}, refused(&in, "", "payment_intent_unexpected_state",
			"This PaymentIntent's status is %s: it cannot be confirmed.", in.Status)
	}
	if method != "" {
		in.Method = method
	}
	if err := c.check(in.Method); err != nil {
		return Change{}, err
	}
	in.OffSession = c.OffSession || c.RefuseAction
	if c.ReturnURL != "" {
		in.ReturnURL = c.ReturnURL
	}
	card, ok := FindCard(in.Method)
	if !ok {
		return Change{}, missingMethod(in.Method)
	}
	in.LastError = nil
	switch {
	case card.Challenge && in.OffSession:
		return fail(in, card, Failure{
			Code: "authentication_required", DeclineCode: "authentication_required", Message: messageChallenge,
		}, env), nil
	case card.Challenge:
		in.Status = RequiresAction
		return Change{Intent: in, Events: []Event{IntentRequiresAction}}, nil
	case card.Late:
		in.Status, in.SettleAt = Processing, env.Now.Add(env.Settle)
		return Change{Intent: in, Events: []Event{IntentProcessing}}, nil
	}
	return attempt(in, card, env), nil
}

// Authenticate ends a 3-D Secure challenge as the shopper and the bank did. Afterwards the card still decides.
func Authenticate(in Intent, passed bool, env Env) (Change, *Error) {
	if in.Status != RequiresAction {
		return Change{}, refused(&in, "", "payment_intent_unexpected_state",
			"This PaymentIntent's status is %s: there is nothing to authenticate.", in.Status)
	}
	card, _ := FindCard(in.Method)
	if passed {
		return answer(attempt(in, card, env)), nil
	}
	return answer(fail(in, card, Failure{
		Code:    "payment_intent_authentication_failure",
		Message: "The provided PaymentMethod has failed authentication. Provide another one, or try again.",
	}, env)), nil
}

// Settle gives a processing intent the answer that its card's issuer took a while for.
func Settle(in Intent, env Env) (Change, bool) {
	if in.Status != Processing {
		return Change{}, false
	}
	card, _ := FindCard(in.Method)
	in.SettleAt = time.Time{}
	return answer(attempt(in, card, env)), true
}

// Cancel ends an intent that has not taken any money. Nothing can revive it.
func Cancel(in Intent, reason string, env Env) (Change, *Error) {
	reasons := []string{"", "duplicate", "fraudulent", "requested_by_customer", "abandoned"}
	if !slices.Contains(reasons, reason) {
		return Change{}, Invalid("cancellation_reason", "", "Invalid cancellation_reason: must be one of %s.",
			strings.Join(reasons[1:], ", "))
	}
	if !in.cancelable() {
		return Change{}, refused(&in, "", "payment_intent_unexpected_state",
			"You cannot cancel this PaymentIntent because it has a status of %s.", in.Status)
	}
	in.Status, in.CancelReason, in.CanceledAt = Canceled, reason, env.Now.UTC()
	in.SettleAt = time.Time{}
	return Change{Intent: in, Events: []Event{IntentCanceled}}, nil
}

func attempt(in Intent, card Card, env Env) Change {
	if card.Decline != nil {
		return fail(in, card, *card.Decline, env)
	}
	in.Status = Succeeded
	in.Charge = newCharge(in, card, env)
	in.Charge.Paid = true
	return Change{Intent: in, Events: []Event{IntentSucceeded}}
}

func fail(in Intent, card Card, f Failure, env Env) Change {
	f.Method = in.Method
	in.Charge = newCharge(in, card, env)
	in.Charge.Failure = &f
	in.LastError = &f
	in.Status, in.Method = RequiresPaymentMethod, ""
	return Change{Intent: in, Events: []Event{IntentFailed}, Err: cardError(in, f)}
}

// answer drops the error of a change that no caller waits for: what happened is told by events.
func answer(c Change) Change {
	c.Err = nil
	return c
}

func newCharge(in Intent, card Card, env Env) *Charge {
	return &Charge{
		ID: env.NewID("ch"), IntentID: in.ID, Amount: in.Amount, Currency: in.Currency,
		Method: in.Method, Brand: card.Brand, Last4: card.Last4, CreatedAt: env.Now.UTC(),
	}
}
