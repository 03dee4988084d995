package domain

import (
	"testing"
	"time"

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
		become: map[string]State{"due": Called, "order.cancelled": Voided},
	},
	{
		name: "called", given: []Input{reserved, Due{}}, state: Called,
		become: map[string]State{
			"succeeded": Captured, "declined": Failed, "canceled": Failed, "requires_action": RequiresAction, "requires_payment_method": Voiding,
		},
		emits: map[string]string{"succeeded": "payment.captured", "declined": "payment.failed", "canceled": "payment.failed"},
	},
	{
		name: "called, unwanted", given: []Input{reserved, Due{}, cancelled}, state: Called,
		become: map[string]State{
			"succeeded": Captured, "declined": Voided, "canceled": Voided, "requires_action": Voiding, "requires_payment_method": Voiding,
		},
		refund: map[string]bool{"succeeded": true},
	},
	{
		name: "requires_action", given: []Input{reserved, Due{}, actionAsked}, state: RequiresAction,
		become: map[string]State{"succeeded": Captured, "canceled": Failed, "requires_payment_method": Voiding, "order.cancelled": Voiding},
		emits:  map[string]string{"succeeded": "payment.captured", "canceled": "payment.failed"},
	},
	{
		name: "voiding", given: []Input{reserved, Due{}, authFailed}, state: Voiding,
		become: map[string]State{"succeeded": Captured, "canceled": Failed},
		emits:  map[string]string{"succeeded": "payment.captured", "canceled": "payment.failed"},
	},
	{
		name: "voiding, unwanted", given: []Input{reserved, Due{}, actionAsked, cancelled}, state: Voiding,
		become: map[string]State{"succeeded": Captured, "canceled": Voided},
		refund: map[string]bool{"succeeded": true},
	},
	{
		name: "captured", given: []Input{reserved, Due{}, succeeded}, state: Captured,
		refund: map[string]bool{"order.cancelled": true},
	},
	{
		name: "captured, unwanted", given: []Input{reserved, Due{}, cancelled, succeeded}, state: Captured,
	},
	{
		name: "failed", given: []Input{reserved, Due{}, declined}, state: Failed,
		become: map[string]State{"succeeded": Captured, "requires_action": Voiding, "requires_payment_method": Voiding},
		refund: map[string]bool{"succeeded": true},
	},
	{
		name: "voided", given: []Input{reserved, Due{}, cancelled, declined}, state: Voided,
		become: map[string]State{"succeeded": Captured, "requires_action": Voiding, "requires_payment_method": Voiding},
		refund: map[string]bool{"succeeded": true},
	},
}

func TestDecide_P27_EveryStateAndInputAsTheSagaSays(t *testing.T) {
	inputs := map[string]Input{
		"stock.reserved": reserved, "order.cancelled": cancelled, "due": Due{}, "no certain answer": unanswered,
		"succeeded": succeeded, "declined": declined, "canceled": canceled, "requires_action": actionAsked, "requires_payment_method": authFailed,
		"pending": pendingFact, "hint": hinted, "hint of no money": saysNoMoney, "hint of a refund": Hint{Kind: HintRefund, RefundID: "r"},
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
				require.Empty(t, out.LookUp)
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
	p := after(t, reserved, Due{}, cancelled)
	p, out, err := Decide(p, succeeded)
	require.NoError(t, err)
	want := Refund{Cause: "order:o:cancelled:1", Amount: usd(30), State: RefundPending}
	require.Equal(t, Outcome{Refunds: []Refund{want}, Entries: []Entry{{Kind: EntryCharge, Amount: usd(30)}}, Next: Next{Changed: true, Never: true}}, out)
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
		"declined":           {[]Input{reserved, Due{}}, declined, *declined.Failure},
		"3-D Secure failed":  {[]Input{reserved, Due{}, actionAsked, authFailed}, canceled, *authFailed.Failure},
		"canceled elsewhere": {[]Input{reserved, Due{}}, canceled, Failure{"canceled", "the payment was cancelled"}},
	} {
		_, out, err := Decide(after(t, c.given...), c.last)
		require.NoError(t, err)
		require.Equal(t, []Message{PaymentFailed{Failure: c.want}}, out.Messages, name)
	}
}

func TestStatus(t *testing.T) {
	captured := []Input{reserved, Due{}, succeeded}
	for _, c := range []struct {
		given []Input
		want  Status
	}{
		{nil, StatusProcessing},
		{[]Input{reserved}, StatusProcessing},
		{[]Input{reserved, unanswered, Due{}}, StatusProcessing},
		{[]Input{reserved, Due{}, unanswered}, StatusUnknown},
		{[]Input{reserved, Due{}, unanswered, succeeded}, StatusCaptured},
		{[]Input{reserved, Due{}, actionAsked}, StatusRequiresAction},
		{[]Input{reserved, Due{}, actionAsked, cancelled}, StatusProcessing},
		{[]Input{reserved, cancelled}, StatusVoided},
		{[]Input{reserved, Due{}, declined}, StatusFailed},
		{[]Input{reserved, Due{}, declined, authFailed}, StatusFailed},
		{[]Input{reserved, Due{}, declined, authFailed, canceled}, StatusFailed},
		{[]Input{reserved, Due{}, authFailed}, StatusProcessing},
		{[]Input{reserved, Due{}, cancelled, declined}, StatusVoided},
		{[]Input{reserved, Due{}, cancelled, authFailed}, StatusProcessing},
		{[]Input{reserved, Due{}, cancelled, authFailed, canceled}, StatusVoided},
		{append(captured, refundOf("a", 10)), StatusCaptured},
		{append(captured, refundOf("a", 10), RefundSettled{Cause: "a"}), StatusPartiallyRefunded},
		{append(captured, cancelled, RefundSettled{Cause: "order:o:cancelled:1"}), StatusRefunded},
	} {
		require.Equal(t, c.want, after(t, c.given...).Status(), "%v", c.given)
	}
}

// What the clock makes of a payment, by how long it stands where it stands.
func TestDue_P24_P57_WhatIsAskedFollowsFromTheStateAndItsAge(t *testing.T) {
	called := []Input{reserved, Due{}, unanswered}
	for _, c := range []struct {
		name            string
		given           []Input
		marked, entered time.Duration
		ask             Ask
		state           State
	}{
		{"the first call", []Input{reserved}, 0, 0, AskCharge, Called},
		{"no certain answer", called, time.Hour, time.Hour, AskCharge, Called},
		{"the key may be forgotten", called, 23 * time.Hour, 0, AskFind, Called},
		{"looked up for a month", called, lookUpTime, 0, AskNothing, Called},
		{"unwanted", append(called, cancelled), time.Hour, 0, AskFence, Called},
		{"unwanted before the first answer", []Input{reserved, Due{}, cancelled}, 0, 0, AskFence, Called},
		{"unwanted, and the key may be forgotten", append(called, cancelled), 23 * time.Hour, 0, AskFind, Called},
		{"a hint has named the intent", append(called, hinted), time.Hour, 0, AskLook, Called},
		{"a hint has named the intent, unwanted", append(called, hinted, cancelled), time.Hour, 0, AskLook, Called},
		{"a hint has named another's", append(called, hinted, Fact{Kind: FactForeign, IntentID: "pi"}), 0, 0, AskCharge, Called},
		{"the issuer takes its time", []Input{reserved, Due{}, pendingFact}, 30 * time.Hour, 0, AskLook, Called},
		{"the shopper has time", []Input{reserved, Due{}, actionAsked}, time.Hour, 5*time.Minute - 1, AskLook, RequiresAction},
		{"the shopper had time", []Input{reserved, Due{}, actionAsked}, time.Hour, 5 * time.Minute, AskVoid, Voiding},
		{"to be voided", []Input{reserved, Due{}, actionAsked, cancelled}, 0, 0, AskVoid, Voiding},
		{"captured", []Input{reserved, Due{}, succeeded}, 0, 0, AskNothing, Captured},
		{"declined", []Input{reserved, Due{}, declined}, time.Hour, 0, AskNothing, Failed},
		{"declined, and something happened", []Input{reserved, Due{}, declined, hinted}, time.Hour, 0, AskLook, Failed},
		{"declined, and it says so too", []Input{reserved, Due{}, declined, saysNoMoney}, time.Hour, 0, AskNothing, Failed},
		{"a tombstone", []Input{cancelled}, 0, 0, AskNothing, Voided},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := after(t, c.given...)
			p.Asking.Marked, p.Asking.Entered = c.marked, c.entered
			next, out, err := Decide(p, Due{})
			require.NoError(t, err)
			require.Equal(t, c.ask, out.Ask)
			require.Equal(t, c.state, next.State)
			require.Equal(t, c.ask == AskNothing, out.Next.Never, "what is not asked about is not due again")
			require.Equal(t, c.ask != AskNothing, next.Asking.Open)
			require.Equal(t, c.name == "looked up for a month", out.Unresolved)
		})
	}
}

func TestDecide_AShopperWhoDoesNotAuthenticateHoldsNoStock(t *testing.T) {
	p := after(t, reserved, Due{}, actionAsked)
	p.Asking.Entered = rules.AuthenticationTime
	p, _, err := Decide(p, Due{})
	require.NoError(t, err)
	_, out, err := Decide(p, canceled)
	require.NoError(t, err)
	require.Equal(t, []Message{PaymentFailed{Failure: authenticationTimeout}}, out.Messages)
	_, out, err = Decide(p, succeeded)
	require.NoError(t, err)
	require.Equal(t, []string{"payment.captured"}, types(out.Messages), "the shopper was faster than the cancellation of the intent")
}

func TestDecide_P57_AnOrderWhoseDeadlineTheKeyMayNotOutliveIsNotCharged(t *testing.T) {
	far := reserved
	far.Remaining = rules.KeyLife
	p, out, err := Decide(New("p", "o"), far)
	require.NoError(t, err)
	require.Equal(t, []Message{PaymentFailed{Failure: deadlineTooFar}}, out.Messages)
	require.Equal(t, StatusFailed, p.Status())
	require.True(t, out.Next.Never)
	far.Remaining--
	require.Equal(t, Processing, after(t, far).State)
}

// A look-up, or a repetition, that finds nothing ends no payment: only the processor's certain word does.
func TestDecide_P23_P24_AbsenceProvesNothing(t *testing.T) {
	for _, given := range [][]Input{{reserved, Due{}}, {reserved, Due{}, cancelled}, {reserved, Due{}, cancelled, Due{}}} {
		p := after(t, given...)
		for range 200 {
			next, out, err := Decide(p, unanswered)
			require.NoError(t, err)
			require.Equal(t, Called, next.State)
			require.Empty(t, out.Messages)
			require.True(t, out.Next.Changed && !out.Next.Never, "it is asked about again")
			next.Asking.Marked += time.Hour
			if p, out, err = Decide(next, Due{}); p.Asking.Marked < lookUpTime {
				require.NotEqual(t, AskNothing, out.Ask)
			}
			require.NoError(t, err)
		}
	}
}

func TestDecide_P24_WhatIsSaidOfNoIntentDoesNotEndAPaymentThatHasOne(t *testing.T) {
	p := after(t, reserved, Due{}, unanswered, hinted)
	for _, f := range []Fact{
		{Kind: FactCanceled}, // the fence holds, and its answer was not kept
		{Kind: FactDeclined, Failure: &Failure{Code: "invalid"}}, // a repetition was refused before it was executed
		{Kind: FactCanceled, IntentID: "pi_other"},
	} {
		next, out, err := Decide(p, f)
		require.NoError(t, err)
		require.Equal(t, Outcome{Next: Next{Changed: true}}, out)
		require.Equal(t, Called, next.State)
		require.Equal(t, "pi", next.IntentID)
	}
}

func TestDecide_RefundsAreOfTheIntentThatTookTheMoney(t *testing.T) {
	p := after(t, reserved, Due{}, Fact{Kind: FactRequiresAction, IntentID: "pi_other"}, succeeded)
	require.Equal(t, "pi", p.IntentID)
}
