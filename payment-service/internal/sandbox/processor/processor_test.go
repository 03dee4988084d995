package processor

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func env() Env {
	n := 0
	return Env{
		Now:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		NewID:  func(prefix string) string { n++; return fmt.Sprintf("%s_%d", prefix, n) },
		Settle: time.Second,
	}
}

func create(t *testing.T, method string) Change {
	t.Helper()
	c, err := Create(NewIntent{Amount: 1000, Currency: "usd", Method: method, Confirm: true}, env())
	require.Nil(t, err)
	return c
}

func TestCreate_CardsDecide(t *testing.T) {
	for method, want := range map[string]struct {
		status      Status
		code        string
		declineCode string
		events      []Event
	}{
		"pm_card_visa":           {status: Succeeded, events: []Event{IntentSucceeded}},
		"pm_card_chargeDeclined": {RequiresPaymentMethod, "card_declined", "generic_decline", []Event{IntentFailed}},
		"pm_card_visa_chargeDeclinedInsufficientFunds": {RequiresPaymentMethod, "card_declined", "insufficient_funds", []Event{IntentFailed}},
		"pm_card_chargeDeclinedExpiredCard":            {RequiresPaymentMethod, "expired_card", "", []Event{IntentFailed}},
		"pm_card_chargeDeclinedIncorrectCvc":           {RequiresPaymentMethod, "incorrect_cvc", "", []Event{IntentFailed}},
		"pm_card_chargeDeclinedProcessingError":        {RequiresPaymentMethod, "processing_error", "", []Event{IntentFailed}},
		"pm_card_visa_chargeDeclinedLostCard":          {RequiresPaymentMethod, "card_declined", "lost_card", []Event{IntentFailed}},
		"pm_card_threeDSecure2Required":                {status: RequiresAction, events: []Event{IntentRequiresAction}},
		"pm_sandbox_processing":                        {status: Processing, events: []Event{IntentProcessing}},
	} {
		t.Run(method, func(t *testing.T) {
			c := create(t, method)
			require.Equal(t, want.status, c.Intent.Status)
			require.Equal(t, want.events, c.Events)
			if want.code == "" {
				require.Nil(t, c.Err)
				return
			}
			require.NotNil(t, c.Err)
			require.Equal(t, 402, c.Err.Status)
			require.Equal(t, want.code, c.Err.Code)
			require.Equal(t, want.declineCode, c.Err.DeclineCode)
			require.Equal(t, want.code, c.Intent.LastError.Code)
			require.False(t, c.Intent.Charge.Paid)
			require.True(t, c.Err.Executed, "a decline is kept under the idempotency key")
		})
	}
}

func TestCreate_RefusedBeforeExecution(t *testing.T) {
	valid := NewIntent{Amount: 1000, Currency: "usd", Method: "pm_card_visa", Confirm: true}
	for name, spoil := range map[string]func(*NewIntent){
		"amount":         func(n *NewIntent) { n.Amount = 0 },
		"currency":       func(n *NewIntent) { n.Currency = "dollar" },
		"payment_method": func(n *NewIntent) { n.Method = "pm_unknown" },
		"return_url":     func(n *NewIntent) { n.MayRedirect = true },
	} {
		t.Run(name, func(t *testing.T) {
			n := valid
			spoil(&n)
			_, err := Create(n, env())
			require.NotNil(t, err)
			require.Equal(t, 400, err.Status)
			require.Equal(t, name, err.Param)
			require.False(t, err.Executed)
		})
	}
}

func TestThreeDSecure_Life(t *testing.T) {
	asked := create(t, "pm_card_threeDSecure2Required").Intent

	passed, err := Authenticate(asked, true, env())
	require.Nil(t, err)
	require.Equal(t, Succeeded, passed.Intent.Status)

	failed, err := Authenticate(asked, false, env())
	require.Nil(t, err)
	require.Equal(t, RequiresPaymentMethod, failed.Intent.Status)
	require.Equal(t, "payment_intent_authentication_failure", failed.Intent.LastError.Code)

	again, err := Confirm(failed.Intent, "pm_card_visa", Confirmation{}, env())
	require.Nil(t, err)
	require.Equal(t, Succeeded, again.Intent.Status, "the client secret could still pay")

	canceled, err := Cancel(failed.Intent, "abandoned", env())
	require.Nil(t, err)
	_, err = Confirm(canceled.Intent, "pm_card_visa", Confirmation{}, env())
	require.Equal(t, "payment_intent_unexpected_state", err.Code, "nothing revives a canceled intent")

	_, err = Authenticate(passed.Intent, true, env())
	require.NotNil(t, err)
}

func TestThreeDSecure_PassedButDeclined(t *testing.T) {
	asked := create(t, "pm_card_threeDSecureRequiredChargeDeclined").Intent
	c, err := Authenticate(asked, true, env())
	require.Nil(t, err)
	require.Equal(t, RequiresPaymentMethod, c.Intent.Status)
	require.Equal(t, "generic_decline", c.Intent.LastError.DeclineCode)
}

func TestThreeDSecure_ShopperAway(t *testing.T) {
	c, err := Create(NewIntent{
		Amount: 50, Currency: "usd", Method: "pm_card_authenticationRequired", Confirm: true,
		Confirmation: Confirmation{OffSession: true},
	}, env())
	require.Nil(t, err)
	require.Equal(t, "authentication_required", c.Err.Code)
}

func TestProcessing_Settles(t *testing.T) {
	for method, want := range map[string]Status{
		"pm_sandbox_processing": Succeeded, "pm_sandbox_processingDeclined": RequiresPaymentMethod,
	} {
		in := create(t, method).Intent
		require.False(t, in.SettleAt.IsZero())
		c, ok := Settle(in, env())
		require.True(t, ok)
		require.Equal(t, want, c.Intent.Status)
		require.True(t, c.Intent.SettleAt.IsZero())
		_, ok = Settle(c.Intent, env())
		require.False(t, ok, "settled once")
	}
}

func TestRefund_LateEnds(t *testing.T) {
	c, err := MakeRefund(create(t, "pm_card_refundFail").Intent, NewRefund{Amount: 400}, env())
	require.Nil(t, err)
	require.Equal(t, RefundSucceeded, c.Refund.Status)
	failed, ok := SettleRefund(c.Intent, *c.Refund)
	require.True(t, ok)
	require.Equal(t, RefundFailedEnd, failed.Refund.Status)
	require.Zero(t, failed.Intent.Charge.Refunded, "a failed refund's amount can be refunded again")
	require.Contains(t, failed.Events, RefundFailed)

	c, err = MakeRefund(create(t, "pm_card_pendingRefund").Intent, NewRefund{}, env())
	require.Nil(t, err)
	require.Equal(t, RefundPending, c.Refund.Status)
	done, ok := SettleRefund(c.Intent, *c.Refund)
	require.True(t, ok)
	require.Equal(t, RefundSucceeded, done.Refund.Status)
	_, ok = SettleRefund(done.Intent, *done.Refund)
	require.False(t, ok)
}

// Any sequence of operations keeps what the processor owes its callers.
func TestInvariants_AnySequence(t *testing.T) {
	methods := make([]string, 0, len(cards))
	for m := range cards {
		methods = append(methods, m)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := env()
		c, err := Create(NewIntent{
			Amount: rapid.Int64Range(50, 500).Draw(t, "amount"), Currency: "usd",
			Method: rapid.SampledFrom(methods).Draw(t, "method"), Confirm: rapid.Bool().Draw(t, "confirm"),
		}, e)
		if err != nil {
			t.Fatalf("create: %v", err)
		}
		in := c.Intent
		var refunds []Refund
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			before := in
			var next Change
			var refusal *Error
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				next, refusal = Confirm(in, rapid.SampledFrom(methods).Draw(t, "method"), Confirmation{}, e)
			case 1:
				next, refusal = Authenticate(in, rapid.Bool().Draw(t, "passed"), e)
			case 2:
				next, refusal = Cancel(in, "", e)
			case 3:
				next, refusal = MakeRefund(in, NewRefund{Amount: rapid.Int64Range(0, 600).Draw(t, "refund")}, e)
				if next.Refund != nil {
					refunds = append(refunds, *next.Refund)
				}
			case 4:
				var ok bool
				if next, ok = Settle(in, e); !ok {
					continue
				}
			case 5:
				if len(refunds) == 0 {
					continue
				}
				last := len(refunds) - 1
				var ok bool
				if next, ok = SettleRefund(in, refunds[last]); !ok {
					continue
				}
				refunds[last] = *next.Refund
			}
			if refusal != nil {
				continue
			}
			in = next.Intent
			if (before.Status == Succeeded || before.Status == Canceled) && in.Status != before.Status {
				t.Fatalf("%s became %s", before.Status, in.Status)
			}
			if in.Status == Succeeded {
				sum := int64(0)
				for _, r := range refunds {
					if r.Status != RefundFailedEnd {
						sum += r.Amount
					}
				}
				if sum != in.Charge.Refunded || sum > in.Charge.Amount || in.Charge.Refunded < 0 {
					t.Fatalf("refunds %d, charge says %d of %d", sum, in.Charge.Refunded, in.Charge.Amount)
				}
			}
			if in.Status != Canceled && (in.Status == RequiresPaymentMethod) != (in.Method == "") {
				t.Fatalf("%s with method %q", in.Status, in.Method)
			}
		}
	})
}
