package domain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestWait_APaymentThatIsNotSettledIsDueAgain(t *testing.T) {
	for _, c := range []struct {
		name  string
		given []Input
		calls int
		wait  time.Duration
		ok    bool
	}{
		{"to be charged", []Input{reserved}, 0, 0, true},
		{"no answer once", []Input{reserved, Attempt{}, NoCertainAnswer{}}, 1, time.Second, true},
		{"no answer again", []Input{reserved, Attempt{}, NoCertainAnswer{}}, 4, 8 * time.Second, true},
		{"no answer for long", []Input{reserved, Attempt{}, NoCertainAnswer{}}, 1000, 5 * time.Minute, true},
		{"waits for the shopper", []Input{reserved, Attempt{}, actionAsked}, 0, 30 * time.Second, true},
		{"to be voided", []Input{reserved, Attempt{}, actionAsked, cancelled}, 0, 0, true},
		{"captured", []Input{reserved, Attempt{}, succeeded}, 0, 0, false},
		{"declined", []Input{reserved, Attempt{}, declined}, 0, 0, false},
		{"declined after no answer", []Input{reserved, Attempt{}, NoCertainAnswer{}, declined}, 0, 0, false},
		{"a tombstone", []Input{cancelled}, 0, 0, false},
		{"given up", []Input{reserved, Attempt{}, NoCertainAnswer{}, Fact{Kind: FactCanceled}}, 0, time.Hour, true},
		{"given up, cancelled", []Input{reserved, Attempt{}, NoCertainAnswer{}, cancelled, Fact{Kind: FactCanceled}}, 5, 24 * time.Hour, true},
		{"given up for good", []Input{reserved, Attempt{}, NoCertainAnswer{}, Fact{Kind: FactCanceled}}, 6, 0, false},
	} {
		wait, ok := after(t, c.given...).Wait(c.calls)
		require.Equal(t, c.ok, ok, c.name)
		require.Equal(t, c.wait, wait, c.name)
	}
}

func TestWait_ARefundThatReplacesFailedOnesWaitsLongerEachTime(t *testing.T) {
	for n, want := range map[int]time.Duration{1: 0, 2: 5 * time.Second, 3: 10 * time.Second, 4: 20 * time.Second, 100: time.Hour} {
		require.Equal(t, want, Refund{Cause: CauseCancelled("o", n)}.Wait(0), n)
	}
	require.Zero(t, Refund{Cause: CauseSupport("order:x:cancelled:9")}.Wait(0), "a key that looks like one")
	require.Equal(t, 2*time.Second, Refund{Cause: CauseReturn("r")}.Wait(2))
	require.Equal(t, 5*time.Minute, Refund{Cause: CauseReturn("r")}.Wait(50))
	require.Equal(t, time.Hour, Refund{Cause: CauseReturn("r"), ProviderID: "re"}.Wait(50), "a bank takes its time")
}

func TestRefund_TheProcessorsIdentifierIsKept(t *testing.T) {
	p := after(t, reserved, Attempt{}, succeeded, cancelled)
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
	require.Equal(t, visa, after(t, reserved, Attempt{}, shown).Card)
	require.Equal(t, visa, after(t, reserved, Attempt{}, Fact{Kind: FactRequiresAction, Card: visa}, canceled).Card, "a fact without one forgets nothing")
}
