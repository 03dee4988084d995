package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// named gives the refunds identifiers, as the repository does: their causes.
func named(p Payment) Payment {
	for i := range p.Refunds {
		p.Refunds[i].ID = p.Refunds[i].Cause
	}
	return p
}

func stepped(t testing.TB, p Payment, inputs ...Input) (Payment, Outcome) {
	t.Helper()
	var out Outcome
	for _, in := range inputs {
		var err error
		p, out, err = Decide(p, in)
		require.NoError(t, err)
		p = named(p)
	}
	return p, out
}

func shown(id string, amount int64) Seen {
	return Seen{ProviderID: id, Amount: usd(amount), State: RefundDone}
}

func settledAs(cause string, as Settlement) Input {
	return SettledByHand{RefundID: cause, By: "ann", As: as}
}

// stuckRefund is a payment of 30 of which 10, asked for by support, need attention.
func stuckRefund(t testing.TB) Payment {
	p, _ := stepped(t, paid(t, ShipmentDispatched{}, staffRefund(10)), RefundUnsettled{Cause: "support:k", Calls: maxCalls})
	return p
}

func TestSettlement_WhatIsPaidBackOutsideIsNoRefundOfTheProcessor(t *testing.T) {
	for name, seen := range map[string]Seen{
		"of the same amount":           shown("re_x", 10),
		"of another amount":            shown("re_x", 7),
		"our own, made after all":      {ProviderID: "re_x", RefundID: "support:k", Amount: usd(10), State: RefundDone},
		"our own, which a bank had":    {ProviderID: "re_bank", RefundID: "support:k", Amount: usd(10), State: RefundDone},
		"our own, which is on its way": {ProviderID: "re_x", RefundID: "support:k", Amount: usd(10), State: RefundPending},
	} {
		t.Run(name, func(t *testing.T) {
			p := stuckRefund(t)
			p.Refunds[0].ProviderID = map[bool]string{true: seen.ProviderID}[seen.ProviderID == "re_bank"]
			p, _ = stepped(t, p, settledAs("support:k", SettledOutside))
			require.Equal(t, usd(10), p.Refunded())
			p, out := stepped(t, p, Due{}, Books{Refunds: []Seen{seen}})
			require.True(t, out.Next.Never)
			require.Len(t, p.Refunds, 2)
			require.Equal(t, []RefundState{RefundDone, seen.State}, []RefundState{p.Refunds[0].State, p.Refunds[1].State})
			require.Equal(t, CauseExternal(seen.ProviderID), p.Refunds[1].Cause)
			require.Equal(t, 20-seen.Amount.Amount, p.Left().Amount)
		})
	}
}

// Nothing makes room for what the processor shows above the capture, so it is not waited for: a person looks at it.
func TestSettlement_WhatIsAboveTheCaptureNeedsAttention(t *testing.T) {
	books := Books{Refunds: []Seen{shown("re_x", 12), shown("re_y", 18)}}
	p, _ := stepped(t, stuckRefund(t), settledAs("support:k", SettledOutside), Due{})
	p, out := stepped(t, p, books)
	require.True(t, out.Next.Never, "reading again shows nothing else")
	require.Equal(t, []string{"support:k", "external:re_x", "external:re_y"}, []string{p.Refunds[0].Cause, p.Refunds[1].Cause, p.Refunds[2].Cause})
	require.Equal(t, []RefundState{RefundDone, RefundDone, RefundAttention}, []RefundState{p.Refunds[0].State, p.Refunds[1].State, p.Refunds[2].State})
	require.Equal(t, "above_capture", p.Refunds[2].Failure.Code)
	require.Equal(t, usd(8), p.Left(), "it holds no money")

	for _, as := range []Settlement{SettledOutside, SettledConsole} {
		_, _, err := Decide(p, settledAs("external:re_y", as))
		require.ErrorIs(t, err, ErrMadeElsewhere)
	}
	again, out := stepped(t, p, settledAs("external:re_y", SettledRetry))
	require.Equal(t, p.Refunds, again.Refunds)
	require.Equal(t, Next{Changed: true}, out.Next, "the books are read again")

	looked, _ := stepped(t, p, settledAs("external:re_y", SettledAbandon), Due{}, books)
	require.Equal(t, RefundFailed, looked.Refunds[2].State, "it stays as a person left it")
	require.True(t, looked.Refunds[2].Unbooked())
	ended, out := stepped(t, looked, cancelled)
	require.Empty(t, out.Refunds, "it went back: it is not asked for when the order is cancelled")
	require.Equal(t, looked.Refunds, ended.Refunds)
}

func TestSettlement_WhatIsAboveTheCaptureIsBookedOnceThereIsRoom(t *testing.T) {
	p, _ := stepped(t, stuckRefund(t), settledAs("support:k", SettledOutside))
	p, _ = stepped(t, p, StaffRefund{Cause: "support:l", Amount: usd(5), By: "ann"}, RefundUnsettled{Cause: "support:l", ProviderID: "re_l"})
	ours := Seen{ProviderID: "re_l", RefundID: "support:l", Amount: usd(5), State: RefundPending}
	p, _ = stepped(t, p, Due{}, Books{Refunds: []Seen{ours, shown("re_x", 20)}})
	require.Equal(t, RefundAttention, p.Refunds[2].State, "a bank has ours, so that it makes no room by itself")
	p, _ = stepped(t, p, RefundSettled{Cause: "support:l", Failure: &Failure{Code: "refused"}}, settledAs("external:re_x", SettledRetry), Due{})
	ours.State, ours.Failure = RefundFailed, &Failure{Code: "refused"}
	p, out := stepped(t, p, Books{Refunds: []Seen{ours, shown("re_x", 20)}})
	require.Equal(t, []Entry{{Kind: EntryRefund, Amount: usd(-20), Cause: "external:re_x"}}, out.Entries)
	require.Equal(t, RefundDone, p.Refunds[2].State)
	require.Nil(t, p.Refunds[2].Failure)
	require.Zero(t, p.Left().Amount)
}

// One that is pending, and that the processor does not show, ends: until then what is above the capture waits for it.
func TestSettlement_ARefundAtTheConsoleWaitsForOneOfOursThatMayEnd(t *testing.T) {
	p, _ := stepped(t, stuckRefund(t), settledAs("support:k", SettledRetry), Due{})
	p, out := stepped(t, p, Books{Refunds: []Seen{shown("re_x", 30)}})
	require.Len(t, p.Refunds, 1)
	require.False(t, out.Next.Never)
	p, _ = stepped(t, p, Books{Refunds: []Seen{shown("re_x", 30)}, Refused: &Refused{Cause: "support:k", Failure: Failure{Code: "refused"}}})
	require.Equal(t, []RefundState{RefundFailed, RefundDone}, []RefundState{p.Refunds[0].State, p.Refunds[1].State})
}

func TestSettlement_WhatWentBackAtTheConsoleIsItsOwnRefund(t *testing.T) {
	p, _ := stepped(t, stuckRefund(t), settledAs("support:k", SettledConsole), Due{}, Books{Refunds: []Seen{shown("re_x", 4), shown("re_y", 6)}})
	require.True(t, p.Refunds[0].Elsewhere())
	require.Equal(t, usd(10), p.Refunded(), "in two parts, and not twice")

	p, _ = stepped(t, stuckRefund(t), cancelled)
	p, _ = stepped(t, p, settledAs("support:k", SettledConsole), Due{})
	p, out := stepped(t, p, Books{Refunds: []Seen{shown("re_x", 4)}})
	require.Equal(t, Refund{Cause: CauseCancelled("o", 2), Amount: usd(6), State: RefundPending}, out.Refunds[1], "what is missing")
	require.Zero(t, p.Left().Amount)
}
