package domain

import (
	"slices"
	"strconv"

	"marketplace/shared/automaton"
)

// The steps of the model of refunds: the charge, webhooks, messages, calls, the processor's books, people.

// charge: the result of the charge becomes known, by its answer or, when that is lost, by a look at the intent.
func (s refunds) charge(d decide, yield func(automaton.Step[refunds])) {
	if !s.called {
		return
	}
	succeeded := Fact{Kind: FactSucceeded, IntentID: "pi", Captured: usd(int64(s.capture))}
	if s.reply {
		s.reply = false
		yield(automaton.Step[refunds]{Name: "the charge is answered", To: s.after(d, succeeded)})
		yield(automaton.Step[refunds]{Name: "the answer to the charge is lost", World: true, To: s})
		return
	}
	succeeded.Moved = s.out() > 0 || s.bank != ""
	yield(automaton.Step[refunds]{Name: "the intent is looked at", To: s.after(d, succeeded)})
}

// hear: the processor repeats a webhook until it is taken. One that is lost all the same is made up for by a look at the intent, as
// long as that is to come.
func (s refunds) hear(d decide, yield func(automaton.Step[refunds])) {
	if !s.hint {
		return
	}
	s.hint = false
	if s.called && !s.reply {
		yield(automaton.Step[refunds]{Name: "webhook lost", World: true, To: s})
	}
	yield(automaton.Step[refunds]{Name: "webhook", To: s.after(d, Hint{Kind: HintBooks, IntentID: "pi"})})
}

func (s refunds) deliver(d decide, yield func(automaton.Step[refunds])) {
	for i, in := range [...]Input{OrderCancelled{}, ShipmentDispatched{}, refundOf(causes[returnA], 1), refundOf(causes[returnB], 1)} {
		if s.net[i] > 0 {
			rest := s
			rest.net[i]--
			yield(automaton.Step[refunds]{Name: "deliver", To: rest.after(d, in)})
		}
	}
}

func (s refunds) disputed() bool { return Dispute{State: s.bank}.Blocks() }

// call: the processor takes the call for a pending refund, once per key; it never pays out more than was captured, and
// nothing of a disputed charge. Whoever is refused reads its books.
func (s refunds) call(d decide, of scope, yield func(automaton.Step[refunds])) {
	for i, r := range s.rows[:elsewhereX] {
		if r.state != pending {
			continue
		}
		name := causes[i]
		if r.out == 0 && (s.disputed() || s.out()+r.amount > s.capture) {
			why := *unpaid
			if s.disputed() {
				why = *disputed
			}
			books := s.processor()
			books.Refused = &Refused{Cause: name, Failure: why}
			yield(automaton.Step[refunds]{Name: name + " refused", To: s.after(d, books)})
			continue
		}
		gone := RefundUnsettled{Cause: name, Calls: maxCalls}
		paid := s
		paid.rows[i].out = r.amount
		yield(automaton.Step[refunds]{Name: name + " done", To: paid.after(d, RefundSettled{Cause: name, ProviderID: provider(i)})})
		yield(automaton.Step[refunds]{Name: name + " done, reply lost", World: true, To: paid})
		if of.silence {
			yield(automaton.Step[refunds]{Name: name + " done, every reply lost", World: true, To: paid.after(d, gone)})
		}
		if of.silence && r.out == 0 {
			yield(automaton.Step[refunds]{Name: name + ": never an answer", World: true, To: s.after(d, gone)})
		}
		if r.out == 0 && (i == bySupport || i >= cancelFirst) {
			failed := RefundSettled{Cause: name, Failure: unpaid}
			yield(automaton.Step[refunds]{Name: name + " refused by the bank", World: true, To: s.after(d, failed)})
		}
	}
}

// processor is what the processor's books show now.
func (s refunds) processor() (b Books) {
	b.Dispute.State = s.bank
	for i, r := range s.rows {
		if r.out > 0 {
			seen := Seen{ProviderID: provider(i), Amount: usd(int64(r.out)), State: RefundDone}
			if i < elsewhereX {
				seen.RefundID = strconv.Itoa(i)
			}
			b.Refunds = append(b.Refunds, seen)
		}
	}
	return b
}

// read: the processor's books are read when the payment is due.
func (s refunds) read(d decide, yield func(automaton.Step[refunds])) {
	if s.due {
		yield(automaton.Step[refunds]{Name: "the books are read", To: s.after(d, Due{}, s.processor())})
	}
}

// The bits in refunds.used for the one retry that people try, and for the one time that they say how it went back at the console.
const (
	retried = 1 << 15
	claimed = 1 << 14
)

// settle: a person ends what needs attention, by what he knows, or believes to know: he looks at what the processor shows of this
// refund, and not at how much else went back.
func (s refunds) settle(d decide, of scope, yield func(automaton.Step[refunds])) {
	for i, r := range s.rows {
		var ways []Settlement
		switch {
		case r.state == aboveTheCapture:
			ways = []Settlement{SettledAbandon}
		case (r.state == stuck || r.state == stuckByDispute) && r.out == 0:
			ways = []Settlement{SettledAbandon}
			if of.byHand {
				ways = append(ways, SettledOutside)
			}
			if of.byHand && s.used&claimed == 0 {
				ways = append(ways, SettledConsole)
			}
		case r.state != stuck && r.state != stuckByDispute:
			continue
		}
		if s.used&retried == 0 {
			ways = append(ways, SettledRetry)
		}
		for _, way := range ways {
			to := s.after(d, SettledByHand{RefundID: strconv.Itoa(i), By: "ann", As: way})
			switch {
			case way == SettledRetry:
				to.used |= retried
			case way == SettledConsole:
				to.used |= claimed
			case way == SettledAbandon && s.cancelled && i < elsewhereX:
				to.keeps = max(s.keeps, s.capture-to.live()-to.owed(d))
			}
			yield(automaton.Step[refunds]{Name: causes[i] + ": " + string(way), World: true, To: to})
		}
	}
}

// owed is what the cancellation asks for again when the books have been read: it is no part of what a person keeps.
func (s refunds) owed(d decide) (sum int8) {
	asked := s.after(d, Due{}, s.processor())
	for i := cancelFirst; i < elsewhereX; i++ {
		if s.rows[i].state == absent {
			sum += asked.rows[i].amount
		}
	}
	return sum
}

// elsewhere: people at the console, and the cardholder's bank.
func (s refunds) elsewhere(of scope, yield func(automaton.Step[refunds])) {
	for i := elsewhereX; i < elsewhereX+of.console && !s.disputed(); i++ {
		for amount := int8(1); s.rows[i].out == 0 && s.out()+amount <= s.capture; amount++ {
			to := s
			to.rows[i].out, to.hint = amount, true
			yield(automaton.Step[refunds]{Name: "given back at the console", World: true, To: to})
		}
		if s.rows[i].out == 0 {
			break
		}
	}
	moves := map[DisputeState][]DisputeState{"": {DisputeOpen}, DisputeOpen: {DisputeWon, DisputeLost}}
	for _, next := range moves[s.bank] {
		if !of.dispute {
			break
		}
		to := s
		to.bank, to.hint = next, true
		yield(automaton.Step[refunds]{Name: "dispute " + string(next), World: true, To: to})
	}
}

func (s refunds) command(d decide, of scope, yield func(automaton.Step[refunds])) {
	limits := &Limits{Currency: "USD", Payment: 1, Today: 1}
	for i, c := range [...]struct {
		name, from, to string
		input          Input
		sends          int
	}{
		{name: "support 1", input: StaffRefund{Cause: causes[bySupport], Amount: usd(1), By: "ann", Limits: limits}},
		{name: "support 1 more", input: StaffRefund{Cause: causes[supportMore], Amount: usd(1), By: "ann", Limits: limits}},
		{name: "admin all", input: StaffRefund{Cause: causes[supportAll], By: "ann"}},
		{name: "confirm more", input: Confirmation{RefundID: strconv.Itoa(supportMore), By: "bob"}},
		{name: "support all", input: StaffRefund{Cause: causes[supportAll], By: "ann", Limits: limits}},
		{name: "confirm", input: Confirmation{RefundID: strconv.Itoa(supportAll), By: "bob"}},
		{name: "reject", input: Rejection{RefundID: strconv.Itoa(supportAll), By: "bob"}},
		{name: "cancel", from: "confirmed", to: "cancelled", sends: 1},
		{name: "ship", from: "confirmed", to: "shipped", sends: 2},
		{name: "return a", from: "shipped", sends: 3},
		{name: "return b", from: "shipped", sends: 4},
	} {
		if !slices.Contains(of.commands, c.name) || s.used&(1<<i) != 0 || c.from != "" && c.from != s.order || c.name == "ship" && s.called {
			continue
		}
		if _, confirms := c.input.(Confirmation); confirms && s.dispatch == DispatchUnknown && s.order != "shipped" {
			continue // who confirms has looked at the order
		}
		next := s
		if c.input != nil {
			if next = s.after(d, c.input); next == s {
				continue // refused: it may be tried again
			}
		}
		next.used |= 1 << i
		if c.to != "" {
			next.order = c.to
		}
		if c.sends > 0 {
			next.net[c.sends-1] = deliveries
		}
		if _, asks := c.input.(StaffRefund); asks && next.live() > s.live() {
			next.alone = next.alone || s.dispatch != Dispatched && !s.cancelled && 2*next.live() > s.capture
		}
		next.both = next.both || c.to == "shipped" && s.decided() == s.capture
		yield(automaton.Step[refunds]{Name: c.name, World: true, To: next})
	}
}
