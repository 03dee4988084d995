// Package domain is the order: what may happen to it, and what follows. It is plain Go without servers: every rule that
// matters is a pure function from a state and an input to events.
//
// An order is event-sourced. Events are the truth; the state is their fold:
//
//	Place(placement)          -> state, events     a new order
//	Decide(state, input, now) -> events            a command, or a fact that another service reported
//	Fold(state, event)        -> state             never fails and never decides
//	MessageOf(event)          -> what the other services are told
//
// The machine:
//
//	                stock.reserved
//	pending ------------------------> reserved
//	   |   \                         /   |
//	   |    \--- payment.captured --/    |
//	   |                |                | cancel, deadline, stock.rejected, payment.failed
//	   |                v                |
//	   |            confirmed --------.  |
//	   |                |   cancel     \ |
//	   |                v               X--- shipment n left or arrived
//	   |           cancelling ---------/ |
//	   |                |                |  \
//	   |                | shipment.      |   v
//	   |                v cancelled      |  partially_shipped -> shipped -> delivered
//	   '-----------> cancelled <---------'
//
// What holds, whatever order messages arrive in and however often:
//
//   - One end. Nothing leaves cancelled or delivered.
//   - A confirmed order is not cancelled here. The warehouse may be handing the parcel over at this moment, and it
//     alone knows: the order asks it (cancelling) and takes its answer, a cancelled shipment or a dispatched one.
//   - The deadline is the only clock of the saga. It concerns an order that is not confirmed yet, and nothing else.
//   - Shipments are two sets, those that left and those that arrived, because delivered may overtake dispatched. The
//     status follows from the sets; delivered implies left.
//   - A payment of another amount than the total never confirms: it is an error, and the message is parked.
//   - A fact that comes again, or too late to matter, is no event and no error.
//
// The table of every state and input is generated from these functions: docs/transitions.json and the README.
package domain

//go:generate go run ./transitions ../..
