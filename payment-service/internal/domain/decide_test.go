package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// saga is the payment's table of saga.md, written down by hand: for every state, with unwanted where it matters, what
// every input leads to. A pair that is not listed has no effect.
var saga = []struct {
	name   string
	given  []Input
	state  State
	become map[string]State
	emits  map[string]string
	refund map[string]bool
}{
	{
		name: "none", state: None,
		become: map[string]State{"stock.reserved": Processing, "order.cancelled": Voided},
	},
	{
		name: "processing", given: []Input{reserved}, state: Processing,
		become: map[string]State{"attempt": Called, "order.cancelled": Voided},
	},
	{
		name: "called", given: []Input{reserved, Attempt{}}, state: Called,
		become: map[string]State{
			"succeeded": Captured, "declined": Failed, "canceled": Failed, "requires_action": RequiresAction, "requires_payment_method": Voiding,
		},
		emits: map[string]string{"succeeded": "payment.captured", "declined": "payment.failed", "canceled": "payment.failed"},
	},
	{
		name: "called, unwanted", given: []Input{reserved, Attempt{}, cancelled}, state: Called,
		become: map[string]State{
			"succeeded": Captured, "declined": Voided, "canceled": Voided, "requires_action": Voiding, "requires_payment_method": Voiding,
		},
		refund: map[string]bool{"succeeded": true},
	},
	{
		name: "requires_action", given: []Input{reserved, Attempt{}, actionAsked}, state: RequiresAction,
		become: map[string]State{"succeeded": Captured, "canceled": Failed, "requires_payment_method": Voiding, "order.cancelled": Voiding},
		emits:  map[string]string{"succeeded": "payment.captured", "canceled": "payment.failed"},
	},
	{
		name: "voiding", given: []Input{reserved, Attempt{}, authFailed}, state: Voiding,
		become: map[string]State{"succeeded": Captured, "canceled": Failed},
		emits:  map[string]string{"succeeded": "payment.captured", "canceled": "payment.failed"},
	},
	{
		name: "voiding, unwanted", given: []Input{reserved, Attempt{}, actionAsked, cancelled}, state: Voiding,
		become: map[string]State{"succeeded": Captured, "canceled": Voided},
		refund: map[string]bool{"succeeded": true},
	},
	{
		name: "captured", given: []Input{reserved, Attempt{}, succeeded}, state: Captured,
		refund: map[string]bool{"order.cancelled": true},
	},
	{
		name: "captured, unwanted", given: []Input{reserved, Attempt{}, cancelled, succeeded}, state: Captured,
	},
	{
		name: "failed", given: []Input{reserved, Attempt{}, declined}, state: Failed,
		become: map[string]State{"succeeded": Captured, "requires_action": Voiding, "requires_payment_method": Voiding},
		refund: map[string]bool{"succeeded": true},
	},
	{
		name: "voided", given: []Input{reserved, Attempt{}, cancelled, declined}, state: Voided,
		become: map[string]State{"succeeded": Captured, "requires_action": Voiding, "requires_payment_method": Voiding},
		refund: map[string]bool{"succeeded": true},
	},
}

func TestDecide_P27_EveryStateAndInputAsTheSagaSays(t *testing.T) {
	inputs := map[string]Input{
		"stock.reserved": reserved, "order.cancelled": cancelled, "attempt": Attempt{}, "no certain answer": NoCertainAnswer{},
		"succeeded": succeeded, "declined": declined, "canceled": canceled, "requires_action": actionAsked, "requires_payment_method": authFailed,
	}
	for _, row := range saga {
		before := after(t, row.given...)
		require.Equal(t, row.state, before.State, row.name)
		for name, in := range inputs {
			t.Run(row.name+", "+name, func(t *testing.T) {
				p, out, err := Decide(before, in)
				require.NoError(t, err)
				want := row.become[name]
				if want == "" {
					want = row.state
				}
				require.Equal(t, want, p.State)
				emits := []string{}
				if m := row.emits[name]; m != "" {
					emits = []string{m}
				}
				require.Equal(t, emits, types(out.Messages))
				require.Equal(t, row.refund[name], len(out.Refunds) == 1)
				require.Equal(t, before.Unwanted || name == "order.cancelled" || row.emits[name] == "payment.failed", p.Unwanted)
				require.Equal(t, p.State == Captured && before.State != Captured, len(out.Entries) == 1)
			})
		}
	}
}

func TestDecide_ChargesWhatTheOrderCosts(t *testing.T) {
	p := after(t, reserved)
	require.Equal(t, Payment{ID: "p", OrderID: "o", CustomerID: "c", Amount: usd(30), Method: "pm_card_visa", State: Processing}, p)
	require.Equal(t, "pay_p", p.Key())
	for _, amount := range []StockReserved{{Amount: usd(0)}, {Amount: usd(-1)}, {}} {
		_, _, err := Decide(New("p", "o"), amount)
		require.ErrorIs(t, err, ErrAmount)
	}
	require.Equal(t, usd(30), after(t, cancelled).Amount, "the tombstone is complete")
}

func TestDecide_P27_LateSuccessIsOneChargeAndOneRefund(t *testing.T) {
	p := after(t, reserved, Attempt{}, cancelled)
	p, out, err := Decide(p, succeeded)
	require.NoError(t, err)
	want := Refund{Cause: "order:o:cancelled:1", Amount: usd(30), State: RefundPending}
	require.Equal(t, Outcome{Refunds: []Refund{want}, Entries: []Entry{{Kind: EntryCharge, Amount: usd(30)}}}, out)
	for _, again := range []Input{succeeded, cancelled, succeeded} {
		next, out, err := Decide(p, again)
		require.NoError(t, err)
		require.Zero(t, out)
		require.Equal(t, p, next)
	}
}

func TestDecide_SaysWhyThereIsNoMoney(t *testing.T) {
	for name, c := range map[string]struct {
		given []Input
		last  Fact
		want  Failure
	}{
		"declined":           {[]Input{reserved, Attempt{}}, declined, *declined.Failure},
		"3-D Secure failed":  {[]Input{reserved, Attempt{}, actionAsked, authFailed}, canceled, *authFailed.Failure},
		"canceled elsewhere": {[]Input{reserved, Attempt{}}, canceled, Failure{"canceled", "the payment was cancelled"}},
	} {
		_, out, err := Decide(after(t, c.given...), c.last)
		require.NoError(t, err)
		require.Equal(t, []Message{PaymentFailed{Failure: c.want}}, out.Messages, name)
	}
}

func TestStatus(t *testing.T) {
	captured := []Input{reserved, Attempt{}, succeeded}
	for _, c := range []struct {
		given []Input
		want  Status
	}{
		{nil, StatusProcessing},
		{[]Input{reserved}, StatusProcessing},
		{[]Input{reserved, NoCertainAnswer{}, Attempt{}}, StatusProcessing},
		{[]Input{reserved, Attempt{}, NoCertainAnswer{}}, StatusUnknown},
		{[]Input{reserved, Attempt{}, NoCertainAnswer{}, succeeded}, StatusCaptured},
		{[]Input{reserved, Attempt{}, actionAsked}, StatusRequiresAction},
		{[]Input{reserved, Attempt{}, actionAsked, cancelled}, StatusProcessing},
		{[]Input{reserved, cancelled}, StatusVoided},
		{[]Input{reserved, Attempt{}, declined}, StatusFailed},
		{[]Input{reserved, Attempt{}, declined, authFailed}, StatusFailed},
		{[]Input{reserved, Attempt{}, declined, authFailed, canceled}, StatusFailed},
		{[]Input{reserved, Attempt{}, authFailed}, StatusProcessing},
		{[]Input{reserved, Attempt{}, cancelled, declined}, StatusVoided},
		{[]Input{reserved, Attempt{}, cancelled, authFailed}, StatusProcessing},
		{[]Input{reserved, Attempt{}, cancelled, authFailed, canceled}, StatusVoided},
		{append(captured, refundOf("a", 10)), StatusCaptured},
		{append(captured, refundOf("a", 10), RefundSettled{Cause: "a"}), StatusPartiallyRefunded},
		{append(captured, cancelled, RefundSettled{Cause: "order:o:cancelled:1"}), StatusRefunded},
	} {
		require.Equal(t, c.want, after(t, c.given...).Status(), "%v", c.given)
	}
}

func TestDecide_P24_WhatIsSaidOfNoIntentDoesNotEndAPaymentThatHasOne(t *testing.T) {
	p := after(t, reserved, Attempt{}, NoCertainAnswer{})
	p.IntentID = "pi" // a webhook named it
	for _, f := range []Fact{
		{Kind: FactCanceled, Failure: &Failure{Code: "no_answer"}}, // a look-up found nothing
		{Kind: FactDeclined, Failure: &Failure{Code: "invalid"}},   // a repetition was refused before it was executed
		{Kind: FactCanceled, IntentID: "pi_other"},
	} {
		next, out, err := Decide(p, f)
		require.NoError(t, err)
		require.Zero(t, out)
		require.Equal(t, p, next)
	}
}

func TestDecide_RefundsAreOfTheIntentThatTookTheMoney(t *testing.T) {
	p := after(t, reserved, Attempt{}, Fact{Kind: FactRequiresAction, IntentID: "pi_other"}, succeeded)
	require.Equal(t, "pi", p.IntentID)
}
