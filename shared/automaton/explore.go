package automaton

import "slices"

// Model is a system whose every state can be enumerated. S is a small value: it is a map's key.
type Model[S comparable] struct {
	Start S

	// Steps calls yield for every step that can be taken.
	Steps func(s S, yield func(Step[S]))

	// Wrong returns what must never be, or "".
	Wrong func(S) string

	// Good says whether the system could stop here and everybody would be content.
	Good func(S) bool
}

// Step leads to another state. A step of the World (a shopper, a bank, a lost message) may happen; nothing may depend
// on it: the system must be able to end well by its own steps.
type Step[S comparable] struct {
	Name  string
	World bool
	To    S
}

// Report is what Explore found. Traces are the names of the steps from the start, of the shortest way there.
type Report struct {
	States     int
	Violations map[string][]string // what is wrong -> trace
	Stuck      []string            // the trace to a state from which the system cannot end well; nil if there is none
	Ends       int                 // states that are good
}

// OK says that nothing is wrong and everything can end well.
func (r Report) OK() bool { return len(r.Violations) == 0 && r.Stuck == nil }

// explorer numbers states in the order of their discovery, which is breadth first.
type explorer[S comparable] struct {
	Model[S]
	ids     map[S]int32
	states  []S
	parent  []int32
	back    [][2]int32 // the system's own steps: to, from
	isWrong []bool
}

// Explore visits every reachable state, or the first limit of them. It does not look behind a state that is wrong.
func Explore[S comparable](m Model[S], limit int) Report {
	e := &explorer[S]{Model: m, ids: map[S]int32{}}
	e.visit(m.Start, -1)
	r := Report{Violations: map[string][]string{}}
	for i := int32(0); int(i) < len(e.states) && int(i) < limit; i++ {
		wrong := m.Wrong(e.states[i])
		e.isWrong = append(e.isWrong, wrong != "")
		if wrong == "" {
			e.expand(i)
		} else if r.Violations[wrong] == nil {
			r.Violations[wrong] = e.trace(i)
		}
	}
	r.States = len(e.states)
	if r.States > limit {
		r.Violations["more states than the limit"] = nil
		return r
	}
	e.endings(&r)
	return r
}

func (e *explorer[S]) visit(s S, from int32) int32 {
	id, known := e.ids[s]
	if !known {
		id = int32(len(e.states))
		e.ids[s] = id
		e.states, e.parent = append(e.states, s), append(e.parent, from)
	}
	return id
}

func (e *explorer[S]) expand(i int32) {
	e.Steps(e.states[i], func(step Step[S]) {
		to := e.visit(step.To, i)
		if !step.World && to != i {
			e.back = append(e.back, [2]int32{to, i})
		}
	})
}

// endings walks backwards from the good states. What it does not reach cannot end well.
func (e *explorer[S]) endings(r *Report) {
	slices.SortFunc(e.back, func(a, b [2]int32) int { return int(a[0]) - int(b[0]) })
	well, todo := make([]bool, len(e.states)), []int32{}
	for i, s := range e.states {
		if e.Good(s) {
			well[i], todo = true, append(todo, int32(i))
		}
	}
	r.Ends = len(todo)
	for len(todo) > 0 {
		last := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		at, _ := slices.BinarySearchFunc(e.back, last, func(b [2]int32, to int32) int { return int(b[0]) - int(to) })
		for ; at < len(e.back) && e.back[at][0] == last; at++ {
			if from := e.back[at][1]; !well[from] {
				well[from], todo = true, append(todo, from)
			}
		}
	}
	for i := range e.states {
		if !well[i] && !e.isWrong[i] {
			r.Stuck = append([]string{}, e.trace(int32(i))...)
			return
		}
	}
}

// trace finds the names of the steps again, rather than keeping one for every state.
func (e *explorer[S]) trace(i int32) []string {
	var names []string
	for ; e.parent[i] >= 0; i = e.parent[i] {
		name := ""
		e.Steps(e.states[e.parent[i]], func(step Step[S]) {
			if name == "" && step.To == e.states[i] {
				name = step.Name
			}
		})
		names = append(names, name)
	}
	slices.Reverse(names)
	return names
}
