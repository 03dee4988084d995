package model

import (
	"strings"

	"marketplace/shared/automaton"
)

// Decided is a state of an order whose money is here while people cancel it, send its goods, and give its money back.
type Decided struct {
	at
	net      traffic
	refunded bool  // at the processor
	allowed  bool  // the payment knew that goods had left when the refund of everything was asked for
	given    uint8 // commands
}

// decisions is what travels once the money is here. Payment hears of shipments too, whose number it does not need.
var decisions = newNetwork([]route{
	{"payment.captured", order, 2},
	{"order.confirmed", warehouse, 2},
	{"order.cancel_requested", warehouse, 2},
	{"order.cancelled", warehouse, 2},
	{"order.cancelled", payment, 2},
	{"shipment.cancelled", order, 2},
	{"shipment.dispatched 1", order, 2},
	{"shipment.dispatched 1", payment, 2},
	{"shipment.dispatched 2", order, 1},
	{"shipment.dispatched 2", payment, 1},
}, "payment.refunded")

type deciding struct{ saga }

// Deciding is the model of goods and money: support gives everything back at any moment, as often as it is refused.
func Deciding(t Tables) (automaton.Model[Decided], error) {
	s, err := t.compile()
	if err != nil {
		return automaton.Model[Decided]{}, err
	}
	d := deciding{s}
	start := Decided{at: s.start("pending", "reserved", "captured"), net: decisions.send(0, "payment.captured")}
	return automaton.Model[Decided]{Start: start, Steps: d.steps, Wrong: d.wrong, Good: d.good}, nil
}

type yieldDecided = func(automaton.Step[Decided])

func (d deciding) after(s Decided, p party, input string) (Decided, bool) {
	a, emits, did := d.step(s.at, p, input)
	if did {
		s.at, s.net = a, decisions.send(s.net, emits...)
	}
	return s, did
}

func (d deciding) steps(s Decided, yield yieldDecided) {
	decisions.each(s.net, func(r route, rest traffic) {
		after := s
		after.net = rest
		input := r.message
		if r.to == payment {
			input = strings.TrimRight(input, " 12")
		}
		to, _ := d.after(after, r.to, input)
		yield(automaton.Step[Decided]{Name: r.message, To: to})
	})
	for i, c := range [...]struct {
		to    party
		input string
	}{{order, "cancel"}, {order, "cancel"}, {warehouse, "dispatch 1"}, {warehouse, "dispatch 2"}, {payment, "refund of everything asked"}} {
		if to, did := d.after(s, c.to, c.input); did && s.given&(1<<i) == 0 {
			to.given |= 1 << i
			if c.to == payment {
				to.allowed = strings.HasPrefix(d.name(s.at, payment), "captured dispatched")
			}
			yield(automaton.Step[Decided]{Name: c.input, World: true, To: to})
		}
	}
	if to, did := d.after(s, payment, "refund done"); did {
		to.refunded = true
		yield(automaton.Step[Decided]{Name: "refund done", To: to})
	}
}

func (d deciding) wrong(s Decided) string {
	if strings.HasPrefix(d.name(s.at, warehouse), "dispatched") && s.refunded && !s.allowed {
		return "goods sent and money back"
	}
	return ""
}

// good: nothing is under way, and a cancelled order has its money back.
func (d deciding) good(s Decided) bool {
	if s.net != 0 || strings.Contains(d.name(s.at, payment), "refunding") {
		return false
	}
	return d.name(s.at, order) != "cancelling" && (d.name(s.at, order) != "cancelled" || s.refunded)
}
