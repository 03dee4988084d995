package model

import (
	"slices"
	"strings"

	"marketplace/shared/automaton"
)

// facts are the states of an intent at the processor. The first three are answers to a charge.
var facts = []string{"succeeded", "declined", "requires_action", "requires_payment_method", "canceled"}

// around is what travels around the payment. Order and warehouse take theirs once: WholeSaga delivers those twice. A
// webhook is a message that the processor repeats; an answer comes once or never.
var around = func() network {
	routes := []route{
		{"stock.reserved", payment, 2},
		{"order.cancelled", payment, 2},
		{"order.cancelled", warehouse, 1},
		{"payment.captured", order, 1},
		{"payment.failed", order, 1},
		{"order.confirmed", warehouse, 1},
		{"order.cancel_requested", warehouse, 1},
		{"shipment.cancelled", order, 1},
		{"shipment.dispatched 1", order, 1},
	}
	for _, f := range facts {
		routes = append(routes, route{"answer: " + f, payment, 1}, route{"webhook: " + f, payment, 2})
	}
	return newNetwork(routes, "payment.refunded")
}()

// Charge is a state of one payment with the processor's side of it.
type Charge struct {
	at
	net        traffic
	intent     string // a fact; empty while the processor has none
	recorded   string // the reply under our key, which it replays for ever, or fenced
	calls      int8   // requests under way: two when a lease ran out while a call hung
	cancelling bool   // a request to cancel the intent is under way
	refunded   bool
	heard      bool // a hint made the processor be asked once about a payment that nobody asks about otherwise
	dead       bool // a call was begun for an order that is known to be cancelled
	deaf       bool // a hint was ignored although the processor had news
}

// fenced: the key is taken by a request that charges nothing.
const fenced = "fenced"

// charging composes the payment in full with the intent's own life at the processor. Order and warehouse are in full too,
// but the order has reserved its stock already and one of its shipments is sent.
type charging struct{ saga }

// Charging is the model of one payment; the tables must be those of Load, or patched ones.
func Charging(t Tables) (automaton.Model[Charge], error) {
	s, err := t.compile()
	if err != nil {
		return automaton.Model[Charge]{}, err
	}
	c := charging{s}
	start := Charge{at: s.start("pending", "reserved", "-"), net: around.send(0, "stock.reserved")}
	return automaton.Model[Charge]{Start: start, Steps: c.steps, Wrong: c.wrong, Good: c.good}, nil
}

type yieldCharge = func(automaton.Step[Charge])

func (c charging) steps(s Charge, yield yieldCharge) {
	c.deliver(s, yield)
	c.clock(s, yield)
	answer(s, yield)
	c.void(s, yield)
	c.refund(s, yield)
	shopper(s, yield)
	c.people(s, yield)
}

// after returns the state after one machine took an input, and whether the input did anything.
func (c charging) after(s Charge, p party, input string) (Charge, bool) {
	a, emits, did := c.step(s.at, p, input)
	if did {
		s.at, s.net = a, around.send(s.net, emits...)
	}
	return s, did
}

func (c charging) deliver(s Charge, yield yieldCharge) {
	around.each(s.net, func(r route, rest traffic) {
		s.net = rest
		source, fact, ofProcessor := strings.Cut(r.message, ": ")
		if ofProcessor {
			yield(automaton.Step[Charge]{Name: source + " lost", World: true, To: s})
		}
		var to Charge
		switch source {
		case "webhook":
			to = c.hear(s, fact)
		case "answer":
			to, _ = c.after(s, payment, fact)
		default:
			to, _ = c.after(s, r.to, r.message)
		}
		yield(automaton.Step[Charge]{Name: r.message, To: to})
	})
}

// hear: a webhook is a hint. It must not be ignored while the processor has news.
func (c charging) hear(s Charge, fact string) Charge {
	hint := "hint"
	if fact == "declined" || fact == "canceled" || fact == "requires_payment_method" {
		hint = "hint (no money)"
	}
	known, _ := c.after(s, payment, s.intent)
	to, heeded := c.after(s, payment, hint)
	to.deaf = s.deaf || !heeded && known != s
	to.heard = s.heard || heeded && c.over(to)
	return to
}

// over says whether nobody asks about the payment any more unless a hint comes.
func (c charging) over(s Charge) bool {
	return slices.Contains([]string{"failed", "voided"}, c.name(s.at, payment))
}

// clock: the payment is due, and its table says what is asked. Its lease may have run out while a call hangs, so that it is
// asked about twice at once.
func (c charging) clock(s Charge, yield yieldCharge) {
	for _, input := range []string{"due", "due (authentication time is over)"} {
		to, did := c.after(s, payment, input)
		if did {
			c.ask(s, to, c.asks(s.at, input), input, yield)
		}
	}
	if s.heard {
		s.heard = false
		c.look(s, yield)
	}
	// Where answers are lost, the intent is also looked for.
	if c.called(s) {
		c.look(s, yield)
	}
}

// ask asks the processor in the state to, which the clock has made of s.
func (c charging) ask(s, to Charge, what, input string, yield yieldCharge) {
	switch what {
	case "charge":
		if to.calls < 2 {
			to.calls++
			to.dead = s.dead || strings.Contains(c.name(s.at, payment), "unwanted")
			yield(automaton.Step[Charge]{Name: input + ": call, with the one key", To: to})
		}
	case "fence":
		c.fence(to, yield)
	case "look", "find":
		c.look(to, yield)
	case "void":
		if !to.cancelling {
			to.cancelling = true
			yield(automaton.Step[Charge]{Name: input + ": cancel the intent", To: to})
		}
	default:
		yield(automaton.Step[Charge]{Name: input, To: to})
	}
}

// fence: the create is sent with the same key, not to be confirmed. Either it takes the key, and what is still under way can
// never charge; or it is refused because the request ran, and a replay of that and its intent tell the outcome.
func (c charging) fence(s Charge, yield yieldCharge) {
	if s.recorded != "" && s.recorded != fenced {
		to, _ := c.after(s, payment, s.intent)
		yield(automaton.Step[Charge]{Name: "fence refused, replay and retrieve", To: to})
		return
	}
	s.recorded = fenced
	yield(automaton.Step[Charge]{Name: "fence, reply lost", World: true, To: s})
	to, _ := c.after(s, payment, "fenced")
	yield(automaton.Step[Charge]{Name: "the fence holds", To: to})
}

// look: somebody retrieves the intent, or looks for it, and says what he sees. That he finds none proves nothing.
func (c charging) look(s Charge, yield yieldCharge) {
	if s.intent == "" {
		to, _ := c.after(s, payment, "no certain answer")
		yield(automaton.Step[Charge]{Name: "look-up finds nothing", World: true, To: to})
		return
	}
	if to, _ := c.after(s, payment, s.intent); to != s {
		yield(automaton.Step[Charge]{Name: "looks, and sees " + s.intent, To: to})
	}
}

func (c charging) called(s Charge) bool { return strings.HasPrefix(c.name(s.at, payment), "called") }

// answer: the processor takes a request that is under way. The first one decides, those after it replay its reply.
func answer(s Charge, yield yieldCharge) {
	if s.calls == 0 {
		return
	}
	s.calls--
	yield(automaton.Step[Charge]{Name: "request lost", World: true, To: s})
	if s.recorded == fenced {
		yield(automaton.Step[Charge]{Name: "processor refuses the late request", To: s})
		return
	}
	if s.recorded != "" {
		s.net = around.send(s.net, "answer: "+s.recorded)
		yield(automaton.Step[Charge]{Name: "processor replays " + s.recorded, To: s})
		return
	}
	for _, fact := range facts[:3] {
		did := s
		did.intent, did.recorded = fact, fact
		did.net = around.send(s.net, "answer: "+fact, "webhook: "+fact)
		yield(automaton.Step[Charge]{Name: "processor: " + fact, To: did})
	}
}

// void: the processor takes the request to cancel the intent.
func (c charging) void(s Charge, yield yieldCharge) {
	if !s.cancelling {
		return
	}
	s.cancelling = false
	yield(automaton.Step[Charge]{Name: "cancel lost", World: true, To: s})
	switch s.intent {
	case "requires_action", "requires_payment_method":
		s.intent = "canceled"
		s.net = around.send(s.net, "answer: canceled", "webhook: canceled")
		yield(automaton.Step[Charge]{Name: "processor: canceled", To: s})
		return
	case "":
	default:
		s.net = around.send(s.net, "answer: "+s.intent)
	}
	yield(automaton.Step[Charge]{Name: "processor: cannot cancel", To: s})
}

func (c charging) refund(s Charge, yield yieldCharge) {
	if s.intent != "succeeded" {
		return
	}
	paidBack := s
	paidBack.refunded = true
	if done, did := c.after(paidBack, payment, "refund done"); did {
		yield(automaton.Step[Charge]{Name: "refund done", To: done})
		yield(automaton.Step[Charge]{Name: "refund done, reply lost", World: true, To: paidBack})
	}
}

// shopper: authenticates or fails to, and may pay with another card while the intent is alive.
func shopper(s Charge, yield yieldCharge) {
	moves := func(name, fact string) {
		to := s
		to.intent, to.net = fact, around.send(s.net, "webhook: "+fact)
		yield(automaton.Step[Charge]{Name: name, World: true, To: to})
	}
	switch s.intent {
	case "requires_action":
		moves("shopper authenticates", "succeeded")
		moves("shopper fails 3-D Secure", "requires_payment_method")
	case "requires_payment_method":
		moves("shopper pays with another card", "succeeded")
	}
}

// people cancel and dispatch; the deadline passes.
func (c charging) people(s Charge, yield yieldCharge) {
	for _, command := range []struct {
		to    party
		input string
		world bool
	}{{order, "cancel", true}, {order, "deadline", false}, {warehouse, "dispatch 1", true}} {
		if to, did := c.after(s, command.to, command.input); did {
			yield(automaton.Step[Charge]{Name: command.input, World: command.world, To: to})
		}
	}
}

func (c charging) wrong(s Charge) string {
	sent := strings.HasPrefix(c.name(s.at, warehouse), "dispatched")
	switch {
	case sent && (s.refunded || c.name(s.at, order) == "cancelled"):
		return "goods sent and money back"
	case s.refunded && s.intent != "succeeded":
		return "refunded without a charge"
	case s.dead:
		return "a card is charged for an order that is known to be cancelled"
	case c.over(s) && s.intent == "succeeded":
		return "money moved after we said that none had"
	case s.deaf:
		return "what a webhook told is not asked about"
	}
	return ""
}

// good: nothing but webhooks and answers is under way, and money, stock and order agree.
func (c charging) good(s Charge) bool {
	if s.calls > 0 || s.cancelling {
		return false
	}
	quiet := true
	around.each(s.net, func(r route, _ traffic) { quiet = quiet && strings.Contains(r.message, ": ") })
	if !quiet {
		return false
	}
	o, goods, money := c.name(s.at, order), c.name(s.at, warehouse), c.name(s.at, payment)
	if o == "cancelled" {
		nothing := (money == "voided" || money == "failed") && slices.Contains([]string{"", "canceled", "declined"}, s.intent)
		returned := money == "captured refunded" && s.intent == "succeeded" && s.refunded
		return goods == "released" && (nothing || returned)
	}
	happy := o == "confirmed" && goods == "allocated" || o == "partially_shipped left:1 arrived:none" && goods == "dispatched left:1 arrived:none"
	return happy && money == "captured" && s.intent == "succeeded"
}
