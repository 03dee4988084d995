package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func staffRefund(amount int64) StaffRefund {
	return StaffRefund{Cause: "support:k", Amount: usd(amount), By: "ann"}
}

func TestStaff_P61_WhatIsRefused(t *testing.T) {
	left := paid(t, ShipmentDispatched{})
	blocked := paid(t, Books{Dispute: Dispute{ID: "du", State: DisputeOpen}})
	for name, c := range map[string]struct {
		p    Payment
		in   StaffRefund
		want error
	}{
		"nothing captured":         {after(t, reserved), staffRefund(1), ErrNotCaptured},
		"another currency":         {left, StaffRefund{Cause: "c", Amount: reserved.Amount.Neg(), By: "ann"}, ErrAmount},
		"disputed":                 {blocked, staffRefund(1), ErrDisputed},
		"everything, none left":    {paid(t), staffRefund(30), ErrCancelInstead},
		"all, none left":           {paid(t), StaffRefund{Cause: "c", By: "ann"}, ErrCancelInstead},
		"parts that add up to all": {paid(t, refundOf("a", 10), RefundSettled{Cause: "a"}), staffRefund(20), ErrCancelInstead},
		"more than all":            {left, staffRefund(31), ErrExceedsLeft},
		"what is on its way":       {paid(t, ShipmentDispatched{}, refundOf("a", 10)), staffRefund(25), ErrRefundPending},
		"more than ever fits":      {paid(t, ShipmentDispatched{}, refundOf("a", 10)), staffRefund(31), ErrExceedsLeft},
		"one's own":                {left, StaffRefund{Cause: "c", Amount: usd(1), By: "c"}, ErrOwnPayment},
	} {
		t.Run(name, func(t *testing.T) {
			next, out, err := Decide(c.p, c.in)
			require.ErrorIs(t, err, c.want)
			require.Equal(t, c.p, next)
			require.Zero(t, out)
		})
	}
	require.Equal(t, RefundPending, paid(t, ShipmentDispatched{}, staffRefund(30)).Refunds[0].State, "after dispatch it is a decision")
}

// Before goods have left, more than half goes back only if two people want it, whoever they are: all refunds count together.
func TestStaff_P61_BeforeDispatchMoreThanHalfAwaitsASecondPerson(t *testing.T) {
	part := func(cause string, amount int64, limits *Limits) StaffRefund {
		return StaffRefund{Cause: cause, Amount: usd(amount), By: "ann", Limits: limits}
	}
	ample := &Limits{Currency: "USD", Payment: 100, Today: 100}
	returned := []Input{refundOf("return:r", 10), RefundSettled{Cause: "return:r"}}
	refused := []Input{part("a", 15, nil), RefundSettled{Cause: "a", Failure: &Failure{Code: "refused"}}}
	for name, c := range map[string]struct {
		given []Input
		in    StaffRefund
		want  RefundState
	}{
		"half":                           {nil, part("k", 15, ample), RefundPending},
		"more than half":                 {nil, part("k", 16, ample), RefundAwaiting},
		"an administrator's":             {nil, part("k", 29, nil), RefundAwaiting},
		"in parts":                       {[]Input{part("a", 8, nil), part("b", 7, nil)}, part("k", 1, nil), RefundAwaiting},
		"with what was not support's":    {returned, part("k", 6, nil), RefundAwaiting},
		"up to half with it":             {returned, part("k", 5, nil), RefundPending},
		"what waits holds nothing":       {[]Input{part("a", 29, nil)}, part("k", 15, nil), RefundPending},
		"what has failed does not count": {refused, part("k", 15, nil), RefundPending},
		"goods have left":                {[]Input{ShipmentDispatched{}}, part("k", 30, ample), RefundPending},
	} {
		t.Run(name, func(t *testing.T) {
			p := paid(t, append(c.given, c.in)...)
			require.Equal(t, c.want, p.Refunds[len(p.Refunds)-1].State)
		})
	}

	p := paid(t, part("a", 29, nil))
	p.Refunds[0].ID = "a"
	_, _, err := Decide(p, Confirmation{RefundID: "a", By: "ann"})
	require.ErrorIs(t, err, ErrSamePerson)
	p, _, err = Decide(p, Confirmation{RefundID: "a", By: "bob"})
	require.NoError(t, err)
	require.Equal(t, RefundPending, p.Refunds[0].State)
	_, _, err = Decide(p, part("rest", 1, nil))
	require.ErrorIs(t, err, ErrCancelInstead, "everything is a cancellation, however many want it")
}

// A payment from before shipments were heard of: two people may give everything back, until a shipment or the order's end is told.
func TestStaff_P61_WhereADispatchIsNotKnownTwoPeopleGiveEverythingBack(t *testing.T) {
	p := paid(t)
	p.Dispatch = DispatchUnknown
	admin := StaffRefund{Cause: "all", By: "ann"}
	asked, _, err := Decide(p, admin)
	require.NoError(t, err)
	require.Equal(t, RefundAwaiting, asked.Refunds[0].State)
	asked.Refunds[0].ID = "r"
	_, _, err = Decide(asked, Confirmation{RefundID: "r", By: "ann"})
	require.ErrorIs(t, err, ErrSamePerson)
	confirmed, _, err := Decide(asked, Confirmation{RefundID: "r", By: "bob"})
	require.NoError(t, err)
	require.Equal(t, RefundPending, confirmed.Refunds[0].State)
	require.Zero(t, confirmed.Left().Amount)

	half, _, err := Decide(p, StaffRefund{Cause: "half", Amount: usd(15), By: "ann"})
	require.NoError(t, err)
	require.Equal(t, RefundPending, half.Refunds[0].State)

	told, _, err := Decide(p, ShipmentDispatched{})
	require.NoError(t, err)
	require.Equal(t, Dispatched, told.Dispatch)
	told, _, err = Decide(told, admin)
	require.NoError(t, err)
	require.Equal(t, RefundPending, told.Refunds[0].State, "it is known now")

	ended, _, err := Decide(asked, cancelled)
	require.NoError(t, err)
	require.Equal(t, RefundRejected, ended.Refunds[0].State, "no goods have left an order that was cancelled")
}

func TestStaff_LimitsCountWhatWasGivenAlone(t *testing.T) {
	limited := func(amount int64, by, cause, currency string) StaffRefund {
		return StaffRefund{Cause: cause, Amount: usd(amount), By: by, Limits: &Limits{Currency: currency, Payment: 10, Today: 8}}
	}
	p := paid(t, limited(8, "ann", "1", "USD"), limited(3, "bob", "2", "USD"), limited(2, "bob", "3", "USD"), limited(1, "eve", "4", "EUR"))
	var states []RefundState
	for i := range p.Refunds {
		p.Refunds[i].ID = p.Refunds[i].Cause
		states = append(states, p.Refunds[i].State)
	}
	require.Equal(t, []RefundState{RefundPending, RefundAwaiting, RefundPending, RefundAwaiting}, states)
	require.Equal(t, usd(20), p.Left(), "what awaits holds nothing")
	for _, in := range []Input{Confirmation{RefundID: "2", By: "bob"}} {
		_, _, err := Decide(p, in)
		require.ErrorIs(t, err, ErrSamePerson)
	}
	_, _, err := Decide(p, Confirmation{RefundID: "2", By: "c"})
	require.ErrorIs(t, err, ErrOwnPayment)
	p, _, err = Decide(p, Confirmation{RefundID: "2", By: "ann"})
	require.NoError(t, err)
	require.Equal(t, []string{"bob", "ann"}, []string{p.Refunds[1].AskedBy, p.Refunds[1].ConfirmedBy})
	p, _, err = Decide(p, Rejection{RefundID: "4", By: "eve"})
	require.NoError(t, err)
	require.Equal(t, RefundRejected, p.Refunds[3].State)
	_, _, err = Decide(p, Confirmation{RefundID: "4", By: "ann"})
	require.ErrorIs(t, err, ErrNotAwaiting)
	_, _, err = Decide(p, SettledByHand{RefundID: "1", By: "ann", As: SettledOutside})
	require.ErrorIs(t, err, ErrNoAttention)
}

func TestRefund_StopsAfterSoManyTriesInAPersonsHands(t *testing.T) {
	no := &Failure{Code: "refused"}
	p := paid(t, cancelled)
	for n := 1; n <= maxCancellations; n++ {
		var err error
		p, _, err = Decide(p, RefundSettled{Cause: CauseCancelled("o", n), Failure: no})
		require.NoError(t, err)
	}
	last := p.Refunds[len(p.Refunds)-1]
	require.Equal(t, Refund{Cause: CauseCancelled("o", maxCancellations+1), Amount: usd(30), State: RefundAttention, Failure: no}, last)

	p = paid(t, staffRefund(10), RefundUnsettled{Cause: "support:k", Calls: maxCalls - 1})
	require.Equal(t, RefundPending, p.Refunds[0].State)
	p, out, err := Decide(p, RefundUnsettled{Cause: "support:k", Calls: maxCalls})
	require.NoError(t, err)
	require.Equal(t, RefundAttention, p.Refunds[0].State)
	require.True(t, out.Again, "the books may show what the answers did not")
	require.Equal(t, usd(20), p.Left(), "its money may have moved")
}

// A hint about money after the capture makes the books be read, at once and until they are.
func TestBooks_AreReadWhenAHintTellsOfThem(t *testing.T) {
	p, out, err := Decide(paid(t), Hint{Kind: HintBooks})
	require.NoError(t, err)
	require.Equal(t, Next{Changed: true}, out.Next)
	p, out, err = Decide(p, Due{})
	require.NoError(t, err)
	require.Equal(t, AskBooks, out.Ask)
	again, out, err := Decide(p, NoCertainAnswer{})
	require.NoError(t, err)
	require.True(t, out.Next.Changed && !out.Next.Never, "they could not be read")
	_, out, err = Decide(again, Due{})
	require.NoError(t, err)
	require.Equal(t, AskBooks, out.Ask)
	_, out, err = Decide(p, Books{})
	require.NoError(t, err)
	require.True(t, out.Next.Never)
}

// What is given up while the order goes on is owed when it is cancelled; what is abandoned after that is kept, whatever it was
// asked for, and not asked for again when another refund fails.
func TestStaff_WhatIsGivenUpIsKeptOnlyOfAnOrderThatHasEnded(t *testing.T) {
	stuck := func(cause string) Input { return RefundUnsettled{Cause: cause, Calls: maxCalls} }
	identify := func(p Payment) Payment {
		for i := range p.Refunds {
			p.Refunds[i].ID = p.Refunds[i].Cause
		}
		return p
	}
	decide := func(p Payment, inputs ...Input) Payment {
		for _, in := range inputs {
			var err error
			p, _, err = Decide(identify(p), in)
			require.NoError(t, err)
		}
		return p
	}
	abandon := func(cause string) Input { return SettledByHand{RefundID: cause, By: "bob", As: SettledAbandon} }
	first, second, no := CauseCancelled("o", 1), CauseCancelled("o", 2), &Failure{Code: "refused"}

	p := decide(paid(t, refundOf("return:r", 10)), stuck("return:r"), abandon("return:r"), cancelled)
	require.Equal(t, codeWithdrawn, p.Refunds[0].Failure.Code)
	require.Equal(t, usd(30), p.Refunds[1].Amount, "all of it")

	p = decide(paid(t, refundOf("return:r", 10), cancelled), stuck("return:r"), abandon("return:r"))
	require.Equal(t, codeAbandoned, p.Refunds[0].Failure.Code)
	kept := decide(p, RefundSettled{Cause: first, Failure: no})
	require.Equal(t, Refund{ID: second, Cause: second, Amount: usd(20), State: RefundPending}, identify(kept).Refunds[2])

	after := decide(p, StaffRefund{Cause: "support:k", Amount: usd(6), By: "ann"}, RefundSettled{Cause: "support:k"}, RefundSettled{Cause: first, Failure: no})
	require.Equal(t, usd(20), after.Refunds[3].Amount, "6 of the 10 that were kept went back after all; the 20 are owed")
	require.Equal(t, usd(4), after.Left())

	twice := decide(p, StaffRefund{Cause: "support:k", Amount: usd(10), By: "ann"}, stuck("support:k"), abandon("support:k"), RefundSettled{Cause: first, Failure: no})
	require.Equal(t, usd(20), twice.Refunds[3].Amount, "kept twice is kept once")
}
