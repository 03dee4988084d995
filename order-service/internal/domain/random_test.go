package domain

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever comes, in whatever order and however often, the invariants of doc.go hold after every step.
func TestOrder_P28_AnySequenceKeepsTheInvariants(t *testing.T) {
	inputs := rapid.SampledFrom([]Input{
		byCustomer,
		Cancel{By: BySupport},
		DeadlinePassed{},
		StockReserved{},
		short, captured,
		PaymentCaptured{Amount: usd(310)},
		declined,
		PaymentRefunded{Amount: usd(100), Refunded: usd(100)},
		PaymentRefunded{Amount: usd(200), Refunded: usd(300)},
		ShipmentCancelled{},
		left(1), left(2), arrived(1), arrived(2),
	})
	rapid.Check(t, func(t *rapid.T) {
		o := placed(t)
		log := []Event{OrderPlaced{Order: o}}
		for _, in := range rapid.SliceOfN(inputs, 1, 40).Draw(t, "inputs") {
			now := noon.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "minutes")) * time.Minute)
			before, copied := o, slices.Clone(o.Left)
			next, events, err := Apply(o, in, now)
			if err != nil {
				require.Equal(t, before, next, "a refused input changes nothing")
			}
			require.Equal(t, copied, before.Left, "a state is never changed, only followed by another")
			holds(t, before, next)
			once(t, next, in, now)
			o, log = next, append(log, events...)
		}
		require.Equal(t, o, replayed(log), "the events are the truth")
	})
}

func holds(t *rapid.T, before, after Order) {
	if before.Status == Cancelled || before.Status == Delivered {
		require.Equal(t, before.Status, after.Status, "an end is an end")
	}
	if before.Status == Confirmed {
		require.NotEqual(t, Cancelled, after.Status, "a confirmed order asks first")
	}
	if after.Status == Cancelled {
		require.Empty(t, after.Left, "goods are not sent and cancelled")
	}
	for _, n := range after.Arrived {
		require.True(t, after.Left.Has(n), "delivered implies left")
	}
	require.Subset(t, after.Left, before.Left, "what left has left")
	require.Equal(t, after.Status == Cancelling || after.Status == Cancelled, after.CancelReason != nil)
	require.GreaterOrEqual(t, after.Refunded.Amount, before.Refunded.Amount)
	require.Equal(t, len(after.Left) > 0, after.Shipments > 0)
}

// once: the same input again changes nothing more.
func once(t *rapid.T, o Order, in Input, now time.Time) {
	switch in.(type) {
	case ShipmentCancelled, StockReserved, StockRejected, PaymentCaptured, PaymentFailed, PaymentRefunded, ShipmentDispatched, ShipmentDelivered, DeadlinePassed:
		again, _, _ := Apply(o, in, now)
		require.Equal(t, o, again, "%#v", in)
	}
}

func replayed(log []Event) Order {
	var o Order
	for _, e := range log {
		o = Fold(o, e)
	}
	return o
}

func TestNumbers_AreASet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var set Numbers
		drawn := rapid.SliceOf(rapid.IntRange(1, 9)).Draw(t, "numbers")
		for _, n := range drawn {
			set = set.With(n)
			require.True(t, set.Has(n))
		}
		require.True(t, slices.IsSorted(set))
		slices.Sort(drawn)
		require.Equal(t, len(slices.Compact(drawn)), len(set))
	})
}

func TestNumbers_AreNeverChangedThroughAnother(t *testing.T) {
	roomy := append(make(Numbers, 0, 8), 5)
	require.Equal(t, Numbers{1, 5}, roomy.With(1))
	require.Equal(t, Numbers{5}, roomy)
}
