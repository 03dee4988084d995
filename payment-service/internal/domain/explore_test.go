package domain

import (
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/automaton"
)

// The refunds of one captured payment of 2 units, explored exhaustively on the real functions: support gives 1 back,
// returns of 1 come in (two are possible), the order is cancelled. Each refund has its own call; replies get lost; a
// bank may refuse a refund that support or the cancellation asked for, others only the processor when they are too much.

const (
	capture    = 2
	deliveries = 2
)

// The causes that occur, by number. A cancellation is asked for up to three times: two can be refused.
var causes = [...]string{"support:k", "return:a", "return:b", CauseCancelled("o", 1), CauseCancelled("o", 2), CauseCancelled("o", 3)}

const (
	bySupport = iota
	returnA
	returnB
	cancelFirst
)

// row is a refund: how much, where it stands, and what the processor paid out for it.
type row struct{ amount, state, out int8 }

const (
	absent int8 = iota
	pending
	done
	refused
)

// refunds is a state of the model.
type refunds struct {
	order     string
	cancelled bool // the payment saw order.cancelled
	rows      [len(causes)]row
	net       [3]int8 // deliveries left: order.cancelled, return a, return b
	used      uint8   // commands that were given: support, cancel, ship, return a, return b
}

// decide is the function under exploration: the real one, or one with a mistake.
type decide func(Payment, Input) (Payment, Outcome, error)

func TestRefunds_P29_EveryStateEndsWell(t *testing.T) {
	r := explore(Decide)
	require.True(t, r.OK(), "%v, stuck after %v", r.Violations, r.Stuck)
	// Fewer than a model in which asking for the rest again is a step of its own (542).
	require.Equal(t, 462, r.States)
}

func TestRefunds_P29_TheExplorationFindsPlantedMistakes(t *testing.T) {
	whole := func(p Payment, in Input) (Payment, Outcome, error) {
		next, out, err := Decide(p, in)
		if _, ok := in.(OrderCancelled); ok && len(out.Refunds) > 0 {
			next.Refunds[len(next.Refunds)-1].Amount = usd(capture)
		}
		return next, out, err
	}
	require.NotEmpty(t, explore(whole).Violations, "a cancellation refunds the whole payment, whatever else was refunded")

	noRefill := func(p Payment, in Input) (Payment, Outcome, error) {
		next, out, err := Decide(p, in)
		if _, ok := in.(RefundSettled); ok {
			next.Refunds = next.Refunds[:len(p.Refunds)]
		}
		return next, out, err
	}
	require.NotNil(t, explore(noRefill).Stuck, "a refused refund of a cancelled order is not asked for again")
}

func explore(d decide) automaton.Report {
	return automaton.Explore(automaton.Model[refunds]{
		Start: refunds{order: "confirmed"},
		Steps: func(s refunds, yield func(automaton.Step[refunds])) {
			s.deliver(d, yield)
			s.call(d, yield)
			s.command(d, yield)
		},
		Wrong: refunds.wrong, Good: refunds.good,
	}, 100_000)
}

// after runs the real function on the rows and takes the rows back.
func (s refunds) after(d decide, in Input) refunds {
	p := Payment{OrderID: "o", State: Captured, Captured: usd(capture), Unwanted: s.cancelled}
	for i, r := range s.rows {
		if r.state != absent {
			state := [...]RefundState{pending: RefundPending, done: RefundDone, refused: RefundFailed}[r.state]
			p.Refunds = append(p.Refunds, Refund{Cause: causes[i], Amount: usd(int64(r.amount)), State: state})
		}
	}
	p, _, err := d(p, in)
	if err != nil {
		panic(err)
	}
	s.cancelled = p.Unwanted
	for _, r := range p.Refunds {
		for i, cause := range causes {
			if cause == r.Cause {
				s.rows[i].amount = int8(r.Amount.Amount)
				s.rows[i].state = map[RefundState]int8{RefundPending: pending, RefundDone: done, RefundFailed: refused}[r.State]
			}
		}
	}
	return s
}

func (s refunds) deliver(d decide, yield func(automaton.Step[refunds])) {
	for i, in := range [...]Input{OrderCancelled{}, refundOf(causes[returnA], 1), refundOf(causes[returnB], 1)} {
		if s.net[i] > 0 {
			rest := s
			rest.net[i]--
			yield(automaton.Step[refunds]{Name: "deliver", To: rest.after(d, in)})
		}
	}
}

// call: the processor takes the call for a pending refund, once per key; it never pays out more than was captured.
func (s refunds) call(d decide, yield func(automaton.Step[refunds])) {
	for i, r := range s.rows {
		if r.state != pending {
			continue
		}
		failed := RefundSettled{Cause: causes[i], Failure: &Failure{Code: "refused"}}
		if r.out == 0 && s.out()+r.amount > capture {
			yield(automaton.Step[refunds]{Name: causes[i] + ": too much", To: s.after(d, failed)})
			continue
		}
		paid := s
		paid.rows[i].out = r.amount
		yield(automaton.Step[refunds]{Name: causes[i] + " done", To: paid.after(d, RefundSettled{Cause: causes[i]})})
		yield(automaton.Step[refunds]{Name: causes[i] + " done, reply lost", World: true, To: paid})
		if r.out == 0 && (i == bySupport || i == cancelFirst) {
			yield(automaton.Step[refunds]{Name: causes[i] + " refused by the bank", World: true, To: s.after(d, failed)})
		}
	}
}

func (s refunds) command(d decide, yield func(automaton.Step[refunds])) {
	for i, c := range [...]struct{ name, from, to string }{
		{"support refunds 1", "", ""}, {"cancel", "confirmed", "cancelled"}, {"ship", "confirmed", "shipped"}, {"return a", "shipped", ""}, {"return b", "shipped", ""},
	} {
		if s.used&(1<<i) != 0 || c.from != "" && c.from != s.order {
			continue
		}
		next := s
		next.used |= 1 << i
		if c.to != "" {
			next.order = c.to
		}
		switch c.name {
		case "support refunds 1":
			next = next.after(d, refundOf(causes[bySupport], 1))
		case "cancel":
			next.net[0] = deliveries
		case "return a":
			next.net[1] = deliveries
		case "return b":
			next.net[2] = deliveries
		}
		yield(automaton.Step[refunds]{Name: c.name, World: true, To: next})
	}
}

func (s refunds) out() (sum int8) {
	for _, r := range s.rows {
		sum += r.out
	}
	return sum
}

func (s refunds) wrong() string {
	var live int8
	for _, r := range s.rows {
		if r.state == pending || r.state == done {
			live += r.amount
		}
	}
	switch {
	case live > capture:
		return "refunds, pending or done, above the capture"
	case s.out() > capture:
		return "money out above the capture"
	}
	return ""
}

func (s refunds) good() bool {
	for _, r := range s.rows {
		if r.state == pending {
			return false
		}
	}
	return s.net == [3]int8{} && (s.order != "cancelled" || s.out() == capture)
}
