package model

import (
	"fmt"
	"path/filepath"
	"strings"

	"marketplace/shared/automaton"
)

// Tables are the three automata of the saga, as the services' own functions generated them.
type Tables struct {
	Order, Warehouse, Payment automaton.Table
}

// Load reads the tables that the services publish in the workspace, a folder. Each service's tests fail when its table is stale.
func Load(workspace string) (Tables, error) {
	var t Tables
	for service, into := range map[string]*automaton.Table{"order-service": &t.Order, "warehouse-service": &t.Warehouse, "payment-service": &t.Payment} {
		table, err := automaton.Load(filepath.Join(workspace, service, "docs", "transitions.json"))
		if err != nil {
			return t, fmt.Errorf("%s: %w", service, err)
		}
		*into = table
	}
	return t, nil
}

// party is one of the machines that send and receive messages.
type party int

const (
	order party = iota
	warehouse
	payment
)

// saga is the three machines of one order.
type saga [3]*automaton.Machine

func (t Tables) compile() (saga, error) {
	var s saga
	for p, table := range map[party]automaton.Table{order: t.Order, warehouse: t.Warehouse, payment: t.Payment} {
		m, err := automaton.Compile(table)
		if err != nil {
			return s, fmt.Errorf("%s: %w", table.Aggregate, err)
		}
		s[p] = m
	}
	return s, nil
}

// at is where the three machines stand.
type at [3]uint8

// start returns the states of these names.
func (s saga) start(orderState, warehouseState, paymentState string) at {
	return at{s[order].State(orderState), s[warehouse].State(warehouseState), s[payment].State(paymentState)}
}

func (s saga) name(a at, p party) string { return s[p].Name(a[p]) }

// step lets one machine take an input. It returns what the machine emits, and whether the input did anything: a
// refused command did not.
func (s saga) step(a at, p party, input string) (after at, emits []string, did bool) {
	next, row := s[p].Step(a[p], s[p].Input(input))
	if row == nil || row.Refused != "" {
		return a, nil, false
	}
	a[p] = next
	return a, row.Emits, true
}

// asks is what the processor is asked about the payment when the input comes: the effect "ask: ..." of its table.
func (s saga) asks(a at, input string) string {
	_, row := s[payment].Step(a[payment], s[payment].Input(input))
	if row == nil {
		return ""
	}
	for _, effect := range row.Effects {
		if ask, ok := strings.CutPrefix(effect, "ask: "); ok {
			return ask
		}
	}
	return ""
}
