package automaton

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// Row says what one input does in one state. A pair without a row has no effect.
type Row struct {
	State   string   `json:"state"`
	Input   string   `json:"input"`
	Next    string   `json:"next"`
	Emits   []string `json:"emits,omitempty"`   // messages to other services
	Effects []string `json:"effects,omitempty"` // what else changes: stock, money, the timeline
	Refused string   `json:"refused,omitempty"` // the error, when the input is refused; then nothing changes
}

// Table is the automaton of one aggregate.
type Table struct {
	Aggregate string   `json:"aggregate"`
	Start     string   `json:"start"`
	Inputs    []string `json:"inputs"` // all of them, those without any row too
	Rows      []Row    `json:"rows"`
}

// Load reads a table that Publish wrote.
func Load(path string) (Table, error) {
	var t Table
	b, err := os.ReadFile(path)
	if err != nil {
		return t, fmt.Errorf("read the table: %w", err)
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return t, fmt.Errorf("read the table %s: %w", path, err)
	}
	return t, nil
}

// States returns every state of the table, the start first.
func (t Table) States() []string {
	states := []string{t.Start}
	for _, r := range t.Rows {
		for _, s := range []string{r.State, r.Next} {
			if !slices.Contains(states, s) {
				states = append(states, s)
			}
		}
	}
	return states
}

// Patched returns a copy in which row replaces the one with its state and input, or is added. Models use it to plant
// mistakes.
func (t Table) Patched(row Row) Table {
	t = t.Without(row.State, row.Input)
	t.Rows = append(t.Rows, row)
	if !slices.Contains(t.Inputs, row.Input) {
		t.Inputs = append(slices.Clone(t.Inputs), row.Input)
	}
	return t
}

// Without returns a copy in which the input has no effect in the state.
func (t Table) Without(state, input string) Table {
	t.Rows = slices.DeleteFunc(slices.Clone(t.Rows), func(r Row) bool { return r.State == state && r.Input == input })
	return t
}

// Machine is a table made ready for stepping: states and inputs are small numbers, state 0 is the start.
type Machine struct {
	states []string
	inputs []string
	rows   [][]*Row // by state, by input; nil: no effect
	next   [][]uint8
}

// Compile returns the table's machine. It fails when a table has more than 256 states or two rows for one pair.
func Compile(t Table) (*Machine, error) {
	m := &Machine{states: t.States(), inputs: t.Inputs}
	if len(m.states) > 256 {
		return nil, errors.New("more states than a byte can number")
	}
	for range m.states {
		m.rows = append(m.rows, make([]*Row, len(m.inputs)))
		m.next = append(m.next, make([]uint8, len(m.inputs)))
	}
	for i := range t.Rows {
		r := &t.Rows[i]
		in := slices.Index(m.inputs, r.Input)
		if in < 0 {
			return nil, fmt.Errorf("row %s, %s: not among the inputs", r.State, r.Input)
		}
		s := slices.Index(m.states, r.State)
		if m.rows[s][in] != nil {
			return nil, fmt.Errorf("two rows for %s, %s", r.State, r.Input)
		}
		m.rows[s][in], m.next[s][in] = r, uint8(slices.Index(m.states, r.Next))
	}
	return m, nil
}

// State returns the number of a state, and panics when the table has none of that name: a model that
// misspells a state would silently check nothing.
func (m *Machine) State(name string) uint8 { return uint8(number(m.states, name)) }

// Name returns the name of a state.
func (m *Machine) Name(state uint8) string { return m.states[state] }

// Input returns the number of an input, and panics as State does.
func (m *Machine) Input(name string) int { return number(m.inputs, name) }

// Step returns the state after an input, and its row; nil when the input has no effect.
func (m *Machine) Step(state uint8, input int) (uint8, *Row) {
	r := m.rows[state][input]
	if r == nil {
		return state, nil
	}
	return m.next[state][input], r
}

func number(names []string, name string) int {
	i := slices.Index(names, name)
	if i < 0 {
		panic(fmt.Sprintf("the table has no %q, only %q", name, names))
	}
	return i
}
