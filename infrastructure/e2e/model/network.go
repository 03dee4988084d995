package model

import "fmt"

// A network delivers every message at least once and at most as often as its route says, in any order, at any time. What is
// under way is a bit set, two bits per route: one message that has one delivery left, one that has two.
type network struct {
	routes []route
	byName map[string][]int
}

// route is a kind of message on its way to one receiver.
type route struct {
	message    string
	to         party
	deliveries int // 1 or 2
}

// traffic is what is under way.
type traffic uint64

// newNetwork takes the routes, and the messages that nobody in the model receives.
func newNetwork(routes []route, unheard ...string) network {
	n := network{routes: routes, byName: map[string][]int{}}
	for _, m := range unheard {
		n.byName[m] = nil
	}
	for i, r := range routes {
		n.byName[r.message] = append(n.byName[r.message], i)
	}
	return n
}

// send puts messages under way to all their receivers. A message that the network does not know is a mistake in the
// model, which would otherwise explore a system that loses it.
func (n network) send(t traffic, messages ...string) traffic {
	for _, m := range messages {
		to, known := n.byName[m]
		if !known {
			panic(fmt.Sprintf("the network has no %q", m))
		}
		for _, i := range to {
			t |= traffic(n.routes[i].deliveries) << (2 * i)
		}
	}
	return t
}

// each calls deliver for every delivery that can happen next, with what is under way after it.
func (n network) each(t traffic, deliver func(r route, rest traffic)) {
	for i, r := range n.routes {
		one, two := traffic(1)<<(2*i), traffic(2)<<(2*i)
		if t&one != 0 {
			deliver(r, t&^one)
		}
		if t&two != 0 {
			deliver(r, t&^two|one)
		}
	}
}
