package model

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/automaton"
)

// limit bounds memory: a model that grows beyond it has to be looked at.
const limit = 500_000

func tables(t *testing.T) Tables {
	t.Helper()
	tables, err := Load("../../..")
	require.NoError(t, err)
	return tables
}

func exploreCharging(t *testing.T, tables Tables) automaton.Report {
	t.Helper()
	m, err := Charging(tables)
	require.NoError(t, err)
	return automaton.Explore(m, limit)
}

func TestModel_P28_TheWholeSagaIsNeverWrongAndCanAlwaysEndWell(t *testing.T) {
	t.Parallel()
	m, err := WholeSaga(tables(t), Flaws{})
	require.NoError(t, err)
	r := automaton.Explore(m, limit)
	require.True(t, r.OK(), "%v, stuck after %v", r.Violations, r.Stuck)
	require.Equal(t, 219_604, r.States, "see doc.go; a change of the tables changes this number, and that is worth a look")
}

func TestModel_P27_APaymentIsNeverWrongAndCanAlwaysEndWell(t *testing.T) {
	t.Parallel()
	r := exploreCharging(t, tables(t))
	require.True(t, r.OK(), "%v, stuck after %v", r.Violations, r.Stuck)
	require.Equal(t, 191_269, r.States, "see doc.go; a change of the tables changes this number, and that is worth a look")
}

// until makes a model end where it is first wrong in a given way: enough to find one mistake.
func until[S comparable](m automaton.Model[S], wrong string) automaton.Model[S] {
	found, original := false, m
	m.Wrong = func(s S) string {
		what := original.Wrong(s)
		found = found || what == wrong
		return what
	}
	m.Steps = func(s S, yield func(automaton.Step[S])) {
		if !found {
			original.Steps(s, yield)
		}
	}
	return m
}

// statesOf are the states whose name begins so.
func statesOf(t automaton.Table, prefix string) []string {
	return slices.DeleteFunc(t.States(), func(s string) bool { return !strings.HasPrefix(s, prefix) })
}

func TestModel_P28_FindsMistakesPlantedInTheSaga(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plant func(*Tables)
		flaws Flaws
		finds string
	}{
		"no tombstone at the warehouse": {
			plant: func(t *Tables) { t.Warehouse = t.Warehouse.Without("-", "order.cancelled") },
			finds: "cancelled with the stock held",
		},
		"a confirmed order is cancelled at once": {
			plant: func(t *Tables) {
				t.Order = t.Order.Patched(automaton.Row{State: "confirmed", Input: "cancel", Next: "cancelled", Emits: []string{"order.cancelled"}})
				t.Warehouse = t.Warehouse.Patched(automaton.Row{State: "allocated", Input: "order.cancelled", Next: "released"})
			},
			finds: "goods sent and money back",
		},
		"the rest is cancelled after the first shipment left": {
			plant: func(t *Tables) {
				for _, s := range statesOf(t.Order, "partially_shipped") {
					t.Order = t.Order.Patched(automaton.Row{State: s, Input: "cancel", Next: "cancelling", Emits: []string{"order.cancel_requested"}})
				}
			},
			finds: "the order is stuck in cancelling",
		},
		"a cancellation during the call is forgotten": {
			plant: func(t *Tables) {
				t.Payment = t.Payment.Without("called", "order.cancelled").Without("called unknown", "order.cancelled")
			},
			finds: "cancelled with the money kept",
		},
		"a new key for every try": {
			flaws: Flaws{NewKey: true},
			finds: "charged twice",
		},
		"a refund without a key": {
			flaws: Flaws{RefundTwice: true},
			finds: "refunded more than charged",
		},
		"a reservation expires by itself": {
			plant: func(t *Tables) {
				t.Warehouse = t.Warehouse.Patched(automaton.Row{State: "reserved", Input: "expiry", Next: "released"})
			},
			flaws: Flaws{Expiry: true},
			finds: "confirmed without its stock",
		},
		"delivered counts only when all is shipped": {
			plant: func(t *Tables) {
				for _, s := range t.Order.States() {
					if !strings.HasPrefix(s, "shipped") {
						t.Order = t.Order.Without(s, "shipment.delivered 1").Without(s, "shipment.delivered 2")
					}
				}
			},
			finds: "all delivered, and the order does not know",
		},
	} {
		t.Run(name, func(t *testing.T) {
			flawed := tables(t)
			if c.plant != nil {
				c.plant(&flawed)
			}
			m, err := WholeSaga(flawed, c.flaws)
			require.NoError(t, err)
			require.Contains(t, automaton.Explore(until(m, c.finds), limit).Violations, c.finds)
		})
	}
}

func TestModel_P27_FindsMistakesPlantedInThePayment(t *testing.T) {
	t.Parallel()
	t.Run("failed and voided ignore what the processor says later", func(t *testing.T) {
		flawed := tables(t)
		for _, state := range []string{"failed", "voided"} {
			for _, fact := range facts {
				flawed.Payment = flawed.Payment.Without(state, fact)
			}
		}
		require.NotNil(t, exploreCharging(t, flawed).Stuck)
	})
	t.Run("a success after payment.failed is taken as wanted", func(t *testing.T) {
		flawed := tables(t)
		flawed.Payment = flawed.Payment.Patched(automaton.Row{State: "failed", Input: "succeeded", Next: "captured", Emits: []string{"payment.captured"}})
		r := exploreCharging(t, flawed)
		require.NotNil(t, r.Stuck)
	})
}

func TestNetwork_DeliversEveryMessageOnceOrTwice(t *testing.T) {
	n := newNetwork([]route{{"a", order, 2}, {"b", payment, 1}}, "c")
	runs := map[string]int{}
	var run func(now traffic, log string)
	run = func(now traffic, log string) {
		if now == 0 {
			runs[log]++
		}
		n.each(now, func(r route, rest traffic) { run(rest, log+r.message) })
	}
	run(n.send(0, "a", "b", "c"), "")
	require.Equal(t, map[string]int{"aab": 1, "aba": 1, "baa": 1}, runs)
	require.Panics(t, func() { n.send(0, "d") })
}
