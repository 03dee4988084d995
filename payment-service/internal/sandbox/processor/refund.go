package processor

import (
	"slices"
	"strings"
	"time"
)

// RefundStatus is a refund's state, in Stripe's words.
type RefundStatus string

// The states of a refund.
const (
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded"
	RefundFailedEnd RefundStatus = "failed"
)

// Refund gives back a part of a charge, or all of it.
type Refund struct {
	ID            string
	IntentID      string
	ChargeID      string
	Amount        int64
	Currency      string
	Status        RefundStatus
	Reason        string
	FailureReason string
	Metadata      map[string]string
	CreatedAt     time.Time
	SettleAt      time.Time // when a later answer is due; zero when none is
}

// NewRefund is what a caller asks for. The zero Amount means all that is left.
type NewRefund struct {
	Amount   int64
	Reason   string
	Metadata map[string]string
}

// MakeRefund takes an amount out of the intent's charge. The sum of refunds, pending or done, never exceeds the charge.
func MakeRefund(in Intent, n NewRefund, env Env) (Change, *Error) {
	if err := n.check(); err != nil {
		return Change{}, err
	}
	if in.Status != Succeeded || in.Charge == nil || !in.Charge.Paid {
		return Change{}, refused(&in, "payment_intent", "", "This PaymentIntent (%s) does not have a successful charge to refund.", in.ID)
	}
	charge := *in.Charge
	left := charge.Amount - charge.Refunded
	amount := n.Amount
	if amount == 0 {
		amount = left
	}
	switch {
	case charge.DisputeStatus.blocks():
		return Change{}, refused(&in, "", "charge_disputed", "Charge %s has been charged back; cannot issue a refund.", charge.ID)
	case left == 0:
		return Change{}, refused(&in, "", "charge_already_refunded", "Charge %s has already been refunded.", charge.ID)
	case amount > left:
		return Change{}, refused(&in, "amount", "", "Refund amount (%d) is greater than unrefunded amount on charge (%d).", amount, left)
	}
	if amount != left {
		if err := checkDivisible(amount, charge.Currency); err != nil {
			return Change{}, err
		}
	}
	charge.Refunded += amount
	in.Charge = &charge
	r := Refund{
		ID: env.NewID("re"), IntentID: in.ID, ChargeID: charge.ID, Amount: amount, Currency: charge.Currency,
		Status: RefundSucceeded, Reason: n.Reason, Metadata: n.Metadata, CreatedAt: env.Now.UTC(),
	}
	card, _ := FindCard(charge.Method)
	if card.Refund == RefundSucceedsLater || card.Refund == RefundRefusedLater {
		r.Status = RefundPending
	}
	if card.Refund != RefundSucceeds {
		r.SettleAt = env.Now.Add(env.Settle)
	}
	return Change{Intent: in, Refund: &r, Events: []Event{RefundCreated, ChargeRefunded}}, nil
}

func (n NewRefund) check() *Error {
	reasons := []string{"", "duplicate", "fraudulent", "requested_by_customer"}
	if !slices.Contains(reasons, n.Reason) {
		return Invalid("reason", "", "Invalid reason: must be one of %s.", strings.Join(reasons[1:], ", "))
	}
	if n.Amount < 0 {
		return Invalid("amount", "parameter_invalid_integer", "This value must be greater than or equal to 1.")
	}
	return nil
}

// SettleRefund ends a refund whose card answers later. A failed one puts its amount back into the charge.
func SettleRefund(in Intent, r Refund) (Change, bool) {
	if r.SettleAt.IsZero() || in.Charge == nil {
		return Change{}, false
	}
	r.SettleAt = time.Time{}
	card, _ := FindCard(in.Charge.Method)
	if card.Refund == RefundSucceedsLater {
		r.Status = RefundSucceeded
		return Change{Intent: in, Refund: &r, Events: []Event{RefundUpdated}}, true
	}
	charge := *in.Charge
	charge.Refunded -= r.Amount
	in.Charge = &charge
	r.Status, r.FailureReason = RefundFailedEnd, "expired_or_canceled_card"
	return Change{Intent: in, Refund: &r, Events: []Event{RefundUpdated, RefundFailed}}, true
}
