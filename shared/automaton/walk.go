package automaton

import (
	"errors"
	"fmt"
	"reflect"
)

// Outcome is what one step of the real functions did.
type Outcome struct {
	Emits, Effects []string
	Refused        error
}

// Subject is an aggregate whose functions are walked. S is its real state, with times, versions and texts; Key reduces
// it to what decides about the future.
type Subject[S any] struct {
	Aggregate string
	Start     S
	Inputs    []string
	Key       func(S) string
	Step      func(s S, input string) (S, Outcome)
}

// Walk returns the reachable automaton. It fails when Key is too coarse: when two real states with one key answer some
// input differently, so that the table would lie about one of them.
func Walk[S any](m Subject[S]) (Table, error) {
	t := Table{Aggregate: m.Aggregate, Start: m.Key(m.Start), Inputs: m.Inputs}
	rowsOf := map[string][]Row{}
	for queue := []S{m.Start}; len(queue) > 0; queue = queue[1:] {
		state := queue[0]
		rows, reached := m.rows(state)
		known, seen := rowsOf[m.Key(state)]
		if seen {
			if !reflect.DeepEqual(known, rows) {
				return t, fmt.Errorf("the key %q is too coarse: %v or %v", m.Key(state), known, rows)
			}
			continue
		}
		rowsOf[m.Key(state)] = rows
		t.Rows = append(t.Rows, rows...)
		queue = append(queue, reached...)
	}
	return t, nil
}

// rows returns what every input does in one state, and the states that follow; inputs without effect are left out.
func (m Subject[S]) rows(state S) (rows []Row, reached []S) {
	for _, input := range m.Inputs {
		next, did := m.Step(state, input)
		row := Row{State: m.Key(state), Input: input, Next: m.Key(next), Emits: did.Emits, Effects: did.Effects}
		if did.Refused != nil {
			row.Refused = cause(did.Refused)
		}
		if row.Next == row.State && len(row.Emits)+len(row.Effects) == 0 && row.Refused == "" {
			continue
		}
		rows, reached = append(rows, row), append(reached, next)
	}
	return rows, reached
}

// cause is the text of the innermost error: a table shows the rule, not the values that broke it.
func cause(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}
