package domain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWait_ARefundThatReplacesFailedOnesWaitsLongerEachTime(t *testing.T) {
	for n, want := range map[int]time.Duration{1: 0, 2: time.Minute, 3: 2 * time.Minute, 4: 4 * time.Minute, 100: time.Hour} {
		require.Equal(t, want, Refund{Cause: CauseCancelled("o", n)}.Wait(0), n)
	}
	require.Zero(t, Refund{Cause: CauseSupport("order:x:cancelled:9")}.Wait(0), "a key that looks like one")
	require.Equal(t, 2*time.Second, Refund{Cause: CauseReturn("r")}.Wait(2))
	require.Equal(t, time.Hour, Refund{Cause: CauseReturn("r")}.Wait(50))
	require.Equal(t, time.Hour, Refund{Cause: CauseReturn("r"), ProviderID: "re"}.Wait(50), "a bank takes its time")
}

func TestRefund_TheProcessorsIdentifierIsKept(t *testing.T) {
	p := after(t, reserved, Due{}, succeeded, cancelled)
	cause := p.Refunds[0].Cause
	taken, out, err := Decide(p, RefundUnsettled{Cause: cause, ProviderID: "re"})
	require.NoError(t, err)
	require.Zero(t, out)
	require.Empty(t, p.Refunds[0].ProviderID, "the value before is untouched")
	require.Equal(t, Refund{Cause: cause, Amount: usd(30), State: RefundPending, ProviderID: "re"}, taken.Refunds[0])
	unanswered, _, err := Decide(taken, RefundUnsettled{Cause: cause})
	require.NoError(t, err)
	require.Equal(t, taken, unanswered)
	done, _, err := Decide(taken, RefundSettled{Cause: cause})
	require.NoError(t, err)
	require.Equal(t, RefundDone, done.Refunds[0].State)
	late, _, err := Decide(done, RefundUnsettled{Cause: cause, ProviderID: "other"})
	require.NoError(t, err)
	require.Equal(t, done, late, "what is settled stays so")
}

func TestPayment_ShowsTheCardOfTheLatestAttempt(t *testing.T) {
	visa := Card{Brand: "visa", Last4: "4242"}
	shown := succeeded
	shown.Card = visa
	require.Equal(t, visa, after(t, reserved, Due{}, shown).Card)
	require.Equal(t, visa, after(t, reserved, Due{}, Fact{Kind: FactRequiresAction, Card: visa}, canceled).Card, "a fact without one forgets nothing")
}
