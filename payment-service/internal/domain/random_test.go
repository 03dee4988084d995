package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever comes, in whatever order and however often, the invariants of doc.go hold after every step.
func TestPayment_P29_AnySequenceKeepsTheInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, ledger := New("p", "o"), []Entry(nil)
		for range rapid.IntRange(1, 50).Draw(t, "steps") {
			next, out, err := Decide(p, input(t))
			if err != nil {
				require.Equal(t, p, next, "a refused input changes nothing")
				require.Zero(t, out)
				continue
			}
			ledger = append(ledger, out.Entries...)
			moves(t, p, next, out)
			holds(t, next, ledger)
			p = next
		}
	})
}

func input(t *rapid.T) Input {
	cause := rapid.SampledFrom([]string{"a", "b", "order:o:cancelled:1", "order:o:cancelled:2", "order:o:cancelled:3"})
	return rapid.OneOf(
		rapid.SampledFrom([]Input{
			reserved, cancelled,
			Due{},
			unanswered, succeeded, moved, declined, canceled, actionAsked, authFailed, pendingFact,
			hinted, saysNoMoney, saysMoved,
			ShipmentDispatched{},
			Books{},
		}),
		rapid.Custom(func(t *rapid.T) Input {
			return refundOf(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "cause"), rapid.Int64Range(-1, 40).Draw(t, "amount"))
		}),
		rapid.Custom(func(t *rapid.T) Input {
			in := RefundSettled{Cause: cause.Draw(t, "cause")}
			if rapid.Bool().Draw(t, "refused") {
				in.Failure = &Failure{Code: "refused"}
			}
			return in
		}),
	).Draw(t, "input")
}

func moves(t *rapid.T, before, after Payment, out Outcome) {
	require.False(t, before.Unwanted && !after.Unwanted, "unwanted is never cleared")
	if before.Unwanted {
		require.NotContains(t, types(out.Messages), "payment.captured", "nobody hears of money that nobody wants")
		require.NotContains(t, types(out.Messages), "payment.failed")
	}
	if before.State == Captured {
		require.Equal(t, Captured, after.State, "captured is an end")
		require.Equal(t, before.Captured, after.Captured)
	}
	for i, r := range before.Refunds {
		require.Equal(t, r.Cause, after.Refunds[i].Cause)
		require.Equal(t, r.Amount, after.Refunds[i].Amount)
	}
	require.ElementsMatch(t, after.Refunds[len(before.Refunds):], out.Refunds)
}

func holds(t *rapid.T, p Payment, ledger []Entry) {
	require.GreaterOrEqual(t, p.Left().Amount, int64(0), "refunds pending or done never exceed the capture")
	if p.Unwanted && p.State == Captured {
		require.Zero(t, p.Left().Amount, "all money of an order that has ended is on its way back")
	}
	if p.State == Failed || p.State == Voided {
		require.True(t, p.Unwanted)
	}
	causes := map[string]bool{}
	for _, r := range p.Refunds {
		require.False(t, causes[r.Cause], "one refund per cause")
		require.Positive(t, r.Amount.Amount)
		causes[r.Cause] = true
	}
	charges, sum := 0, int64(0)
	for _, e := range ledger {
		sum += e.Amount.Amount
		if e.Kind == EntryCharge {
			charges++
		}
	}
	require.LessOrEqual(t, charges, 1, "one charge at most")
	require.Equal(t, p.Captured.Amount-p.Refunded().Amount, sum, "the ledger is the money that is here")
}
