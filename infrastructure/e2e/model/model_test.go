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
	require.Equal(t, 160_401, r.States, "see doc.go; a change of the tables changes this number, and that is worth a look")
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

func TestModel_P27_P57_FindsMistakesPlantedInThePayment(t *testing.T) {
	t.Parallel()
	unwanted := func(t *Tables, row automaton.Row) {
		for _, s := range statesOf(t.Payment, "called") {
			if strings.HasSuffix(s, "unwanted") && !strings.Contains(s, "identified") {
				row.State = s
				if row.Next == "" || strings.HasPrefix(row.Next, "called") {
					row.Next = s
				}
				t.Payment = t.Payment.Patched(row)
			}
		}
	}
	for name, c := range map[string]struct {
		plant func(*Tables)
		finds string // empty: a state from which nothing ends well
	}{
		"the call is repeated for an order that is known to be cancelled": {
			plant: func(t *Tables) { unwanted(t, automaton.Row{Input: "due", Effects: []string{"ask: charge"}}) },
			finds: "a card is charged for an order that is known to be cancelled",
		},
		"a look-up that finds nothing is taken as proof that nothing will come": {
			plant: func(t *Tables) {
				unwanted(t, automaton.Row{Input: "due", Effects: []string{"ask: find"}})
				unwanted(t, automaton.Row{Input: "no certain answer", Next: "voided"})
			},
			finds: "money moved after we said that none had",
		},
		"a wanted payment fails because a look-up finds nothing": {
			plant: func(t *Tables) {
				t.Payment = t.Payment.Patched(automaton.Row{State: "called", Input: "no certain answer", Next: "failed", Emits: []string{"payment.failed"}})
			},
			finds: "money moved after we said that none had",
		},
		"a hint is ignored": {
			plant: func(t *Tables) { t.Payment = t.Payment.Without("requires_action", "hint") },
			finds: "what a webhook told is not asked about",
		},
		"a hint is ignored while the caller waits": {
			plant: func(t *Tables) { t.Payment = t.Payment.Without("called", "hint") },
			finds: "what a webhook told is not asked about",
		},
		"the clock of authentication fires before there is anything to authenticate": {
			plant: func(t *Tables) {
				t.Payment = t.Payment.Patched(automaton.Row{
					State: "called", Input: "due (authentication time is over)", Next: "voiding", Effects: []string{"ask: void"},
				})
			},
		},
		"the clock of authentication fires when the money is here": {
			plant: func(t *Tables) {
				t.Payment = t.Payment.Patched(automaton.Row{
					State: "captured", Input: "due (authentication time is over)", Next: "failed", Emits: []string{"payment.failed"},
				})
			},
			finds: "money moved after we said that none had",
		},
		"a payment that is to be voided is forgotten": {
			plant: func(t *Tables) {
				for _, s := range statesOf(t.Payment, "voiding") {
					t.Payment = t.Payment.Without(s, "due").Without(s, "due (authentication time is over)")
				}
			},
		},
		"a success after order.cancelled is taken as wanted": {
			plant: func(t *Tables) {
				t.Payment = t.Payment.Patched(automaton.Row{State: "called unwanted", Input: "succeeded", Next: "captured", Emits: []string{"payment.captured"}})
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			flawed := tables(t)
			c.plant(&flawed)
			m, err := Charging(flawed)
			require.NoError(t, err)
			if c.finds == "" {
				r := automaton.Explore(m, limit)
				require.NotNil(t, r.Stuck, "%v", r.Violations)
				return
			}
			require.Contains(t, automaton.Explore(until(m, c.finds), limit).Violations, c.finds)
		})
	}
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
