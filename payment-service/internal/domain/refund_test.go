package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func paid(t testing.TB, more ...Input) Payment {
	return after(t, append([]Input{reserved, Due{}, succeeded}, more...)...)
}

func TestRefund_OnePerCauseAndNeverAboveWhatIsLeft(t *testing.T) {
	p, out, err := Decide(paid(t, refundOf("a", 10)), refundOf("b", 25))
	require.NoError(t, err)
	require.Equal(t, []Refund{{Cause: "b", Amount: usd(20), State: RefundPending}}, out.Refunds)
	require.Equal(t, usd(0), p.Left())
	for _, in := range []RefundRequested{refundOf("b", 25), refundOf("c", 1)} {
		next, out, err := Decide(p, in)
		require.NoError(t, err)
		require.Zero(t, out)
		require.Equal(t, p, next)
	}
	require.Equal(t, "ref_r", Refund{ID: "r"}.Key())
	require.Equal(t, "return:r", CauseReturn("r"))
	require.Equal(t, "support:k", CauseSupport("k"))
}

func TestRefund_Refuses(t *testing.T) {
	_, _, err := Decide(after(t, reserved, Due{}), refundOf("a", 1))
	require.ErrorIs(t, err, ErrNotCaptured)
	for _, in := range []RefundRequested{refundOf("a", 0), refundOf("a", -1), {Cause: "a", Amount: reserved.Amount.Neg()}, {Cause: "a"}} {
		_, _, err = Decide(paid(t), in)
		require.ErrorIs(t, err, ErrAmount)
	}
	_, _, err = Decide(paid(t), RefundSettled{Cause: "a"})
	require.ErrorIs(t, err, ErrNoRefund)
}

func TestRefund_DoneIsBookedAndToldOnce(t *testing.T) {
	p := paid(t, refundOf("a", 10), RefundSettled{Cause: "a"}, refundOf("b", 5))
	p, out, err := Decide(p, RefundSettled{Cause: "b"})
	require.NoError(t, err)
	require.Equal(t, Outcome{
		Messages: []Message{PaymentRefunded{Cause: "b", Amount: usd(5), Refunded: usd(15)}},
		Entries:  []Entry{{Kind: EntryRefund, Amount: usd(-5), Cause: "b"}},
	}, out)
	for _, again := range []RefundSettled{{Cause: "b"}, {Cause: "b", Failure: &Failure{}}} {
		next, out, err := Decide(p, again)
		require.NoError(t, err)
		require.Zero(t, out)
		require.Equal(t, p, next)
	}
}

func TestRefund_WhatIsSettledStaysSo(t *testing.T) {
	before := paid(t, refundOf("a", 10))
	failed, _, err := Decide(before, RefundSettled{Cause: "a", Failure: &Failure{Code: "refused"}})
	require.NoError(t, err)
	require.Equal(t, RefundFailed, failed.Refunds[0].State)
	require.Equal(t, RefundPending, before.Refunds[0].State, "the payment before stays as it was")
	again, out, err := Decide(failed, RefundSettled{Cause: "a"})
	require.NoError(t, err)
	require.Zero(t, out)
	require.Equal(t, failed, again)
}

func TestRefund_TheRestIsAskedForAgainWhenACancelledOrdersRefundFails(t *testing.T) {
	refused := &Failure{Code: "refused"}
	p, out, err := Decide(paid(t, refundOf("a", 10), cancelled), RefundSettled{Cause: "order:o:cancelled:1", Failure: refused})
	require.NoError(t, err)
	require.Equal(t, []Refund{{Cause: "order:o:cancelled:2", Amount: usd(20), State: RefundPending}}, out.Refunds)
	_, out, err = Decide(p, RefundSettled{Cause: "a", Failure: refused})
	require.NoError(t, err)
	require.Equal(t, []Refund{{Cause: "order:o:cancelled:3", Amount: usd(10), State: RefundPending}}, out.Refunds, "whoever asked for it")

	p, out, err = Decide(paid(t, refundOf("a", 10)), RefundSettled{Cause: "a", Failure: refused})
	require.NoError(t, err)
	require.Zero(t, out, "nobody cancelled: nothing is asked for again")
	require.Equal(t, usd(30), p.Left())
}
