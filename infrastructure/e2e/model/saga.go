package model

import (
	"strings"

	"marketplace/shared/automaton"
)

// Flaws are mistakes that lie outside the tables.
type Flaws struct {
	NewKey      bool // a charge is tried again under a new idempotency key
	RefundTwice bool // a refund has no key
	Expiry      bool // a reservation releases itself: the warehouse's table has the input "expiry"
}

// Commands of people, each given once at most, and the deadline.
var commands = [...]struct {
	name  string
	to    party
	input string
}{
	{"cancel", order, "cancel"},
	{"cancel again", order, "cancel"},
	{"deadline", order, "deadline"},
	{"dispatch 1", warehouse, "dispatch 1"},
	{"dispatch 2", warehouse, "dispatch 2"},
	{"deliver 1", warehouse, "deliver 1"},
	{"deliver 2", warehouse, "deliver 2"},
}

const deadline = 2 // its index

// messages of the saga, each delivered once or twice.
var messages = newNetwork([]route{
	{"order.placed", warehouse, 2},
	{"stock.reserved", order, 2},
	{"stock.reserved", payment, 2},
	{"stock.rejected", order, 2},
	{"payment.captured", order, 2},
	{"payment.failed", order, 2},
	{"payment.refunded", order, 2},
	{"order.confirmed", warehouse, 2},
	{"order.cancel_requested", warehouse, 2},
	{"order.cancelled", warehouse, 2},
	{"order.cancelled", payment, 2},
	{"shipment.cancelled", order, 2},
	{"shipment.dispatched 1", order, 2},
	{"shipment.dispatched 2", order, 2},
	{"shipment.delivered 1", order, 2},
	{"shipment.delivered 2", order, 2},
})

// Whole is a state of the whole saga of one order with two shipments.
type Whole struct {
	at
	net               traffic
	charged, refunded int8  // at the processor
	given             uint8 // commands
}

// whole composes order and warehouse in full with a payment whose processor answers, declines, or leaves the caller not
// knowing.
type whole struct {
	saga
	Flaws
}

// WholeSaga is the model of the whole saga; the tables must be those of Load, or patched ones.
func WholeSaga(t Tables, f Flaws) (automaton.Model[Whole], error) {
	s, err := t.compile()
	if err != nil {
		return automaton.Model[Whole]{}, err
	}
	w := whole{s, f}
	start := Whole{at: s.start("-", "-", "-")}
	a, emits, _ := s.step(start.at, order, "POST /orders")
	start.at, start.net = a, messages.send(0, emits...)
	return automaton.Model[Whole]{Start: start, Steps: w.steps, Wrong: w.wrong, Good: w.resting}, nil
}

type yieldWhole = func(automaton.Step[Whole])

func (w whole) steps(s Whole, yield yieldWhole) {
	w.deliver(s, yield)
	w.pay(s, yield)
	w.command(s, yield)
	if w.Expiry {
		w.take(s, warehouse, "expiry", "expiry", yield)
	}
}

// take yields the step of one machine, if the input does anything.
func (w whole) take(s Whole, p party, input, name string, yield yieldWhole) bool {
	a, emits, did := w.step(s.at, p, input)
	if did {
		s.at, s.net = a, messages.send(s.net, emits...)
		yield(automaton.Step[Whole]{Name: name, To: s})
	}
	return did
}

func (w whole) deliver(s Whole, yield yieldWhole) {
	messages.each(s.net, func(r route, rest traffic) {
		after := s
		after.net = rest
		inputs := []string{r.message}
		if r.message == "order.placed" {
			inputs = []string{"order.placed (available)", "order.placed (short)"}
		}
		did := false
		for _, input := range inputs {
			did = w.take(after, r.to, input, input, yield) || did
		}
		if !did {
			yield(automaton.Step[Whole]{Name: r.message + " again", To: after})
		}
	})
}

// pay is the payment's worker and the processor. A charge under the same key happens once.
func (w whole) pay(s Whole, yield yieldWhole) {
	switch state := w.name(s.at, payment); {
	case state == "processing":
		w.take(s, payment, "due", "call starts", yield)
	case strings.HasPrefix(state, "called") && w.asks(s.at, "due") == "fence":
		w.fence(s, yield)
	case strings.HasPrefix(state, "called"):
		w.call(s, strings.Contains(state, "unknown"), yield)
	case state == "captured refunding":
		back := s
		back.refunded++
		w.take(back, payment, "refund done", "refunded", yield)
		if w.RefundTwice {
			yield(automaton.Step[Whole]{Name: "refunded, reply lost", World: true, To: back})
		}
	}
}

// fence: an order that has ended is not charged any more; what was charged before shows itself.
func (w whole) fence(s Whole, yield yieldWhole) {
	if s.charged > 0 {
		w.take(s, payment, "succeeded", "the fence is refused: captured", yield)
		return
	}
	w.take(s, payment, "fenced", "the fence holds", yield)
}

func (w whole) call(s Whole, unknown bool, yield yieldWhole) {
	charged := s
	if s.charged == 0 || w.NewKey {
		charged.charged++
	}
	w.take(charged, payment, "succeeded", "captured", yield)
	if s.charged == 0 {
		w.take(s, payment, "declined", "declined", yield)
	}
	if !unknown {
		lost := func(step automaton.Step[Whole]) { step.World = true; yield(step) }
		w.take(charged, payment, "no certain answer", "charged, reply lost", lost)
		w.take(s, payment, "no certain answer", "not charged, reply lost", lost)
	}
}

// command gives every command that was not given yet. One that does nothing is used up as well, but a shipment's, which people
// give when it can be done, and the deadline of an order that is confirmed.
func (w whole) command(s Whole, yield yieldWhole) {
	for i, c := range commands {
		if s.given&(1<<i) != 0 {
			continue
		}
		after := s
		after.given |= 1 << i
		world := func(step automaton.Step[Whole]) { step.World = i != deadline; yield(step) }
		if w.take(after, c.to, c.input, c.name, world) || c.to == warehouse {
			continue
		}
		if w.name(s.at, order) != "confirmed" {
			world(automaton.Step[Whole]{Name: c.name + " refused", To: after})
		}
	}
}

// wrong returns what must never be in any state, and what must not be in a state in which nothing is under way.
func (w whole) wrong(s Whole) string {
	o, goods := w.name(s.at, order), w.name(s.at, warehouse)
	left, _, _ := strings.Cut(strings.TrimPrefix(goods, "dispatched left:"), " ")
	sent := strings.HasPrefix(goods, "dispatched")
	switch {
	case s.charged > 1:
		return "charged twice"
	case s.refunded > s.charged:
		return "refunded more than charged"
	case sent && (s.refunded > 0 || o == "cancelled"):
		return "goods sent and money back"
	case strings.HasPrefix(o, "partially_shipped") && !sent, (strings.HasPrefix(o, "shipped") || strings.HasPrefix(o, "delivered")) && left != "1,2":
		return "shipped without goods"
	}
	return w.wrongAtRest(s, o, goods)
}

func (w whole) wrongAtRest(s Whole, o, goods string) string {
	if s.net != 0 || w.moneyMoves(s) {
		return ""
	}
	switch {
	case o == "pending" || o == "reserved":
		if s.given&(1<<deadline) != 0 {
			return "the order is stuck"
		}
		return ""
	case o == "cancelling":
		return "the order is stuck in cancelling"
	case o == "cancelled" && s.charged != s.refunded:
		return "cancelled with the money kept"
	case o == "cancelled" && goods != "released" && goods != "rejected":
		return "cancelled with the stock held"
	case goods == "dispatched left:1,2 arrived:1,2" && !strings.HasPrefix(o, "delivered"):
		return "all delivered, and the order does not know"
	case o != "cancelled" && s.charged-s.refunded != 1:
		return "confirmed without exactly one charge"
	case o != "cancelled" && goods != "allocated" && !strings.HasPrefix(goods, "dispatched"):
		return "confirmed without its stock"
	}
	return ""
}

func (w whole) moneyMoves(s Whole) bool {
	p := w.name(s.at, payment)
	return p == "processing" || p == "captured refunding" || strings.HasPrefix(p, "called")
}

// resting: nothing is under way and nobody waits.
func (w whole) resting(s Whole) bool {
	o := w.name(s.at, order)
	return s.net == 0 && !w.moneyMoves(s) && o != "pending" && o != "reserved" && w.wrong(s) == ""
}
