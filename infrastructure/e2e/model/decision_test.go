package model

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/automaton"
)

func TestModel_P61_GoodsAndMoneyNeverBothGoOutUnlessPeopleDecideIt(t *testing.T) {
	t.Parallel()
	m, err := Deciding(tables(t))
	require.NoError(t, err)
	r := automaton.Explore(m, limit)
	require.True(t, r.OK(), "%v, stuck after %v", r.Violations, r.Stuck)
	require.Equal(t, 4_313, r.States, "a change of the tables changes this number, and that is worth a look")
}

func TestModel_P61_FindsAFullRefundBeforeDispatch(t *testing.T) {
	t.Parallel()
	flawed := tables(t)
	flawed.Payment = flawed.Payment.Patched(automaton.Row{State: "captured", Input: "refund of everything asked", Next: "captured refunding"})
	m, err := Deciding(flawed)
	require.NoError(t, err)
	require.Contains(t, automaton.Explore(m, limit).Violations, "goods sent and money back")
}

func TestModel_P61_FindsAPaymentThatHearsNothingOfShipments(t *testing.T) {
	t.Parallel()
	deaf := tables(t)
	deaf.Payment = deaf.Payment.Without("captured", "shipment.dispatched")
	m, err := Deciding(deaf)
	require.NoError(t, err)
	reached := false
	steps := m.Steps
	m.Steps = func(s Decided, yield func(automaton.Step[Decided])) {
		reached = reached || s.allowed
		steps(s, yield)
	}
	automaton.Explore(m, limit)
	require.False(t, reached, "then support could never give everything back after dispatch")
}
