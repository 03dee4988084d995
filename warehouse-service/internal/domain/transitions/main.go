// Command transitions writes the automaton of a fulfilment, as the domain's own functions run it, to
// docs/transitions.json and the README. It is run by go generate and is no part of the service.
package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strconv"
	"strings"

	"marketplace/shared/automaton"
	"marketplace/shared/lifecycle"
	"marketplace/warehouse-service/internal/domain"
)

func main() {
	lifecycle.Main(func(context.Context) error { return automaton.Command(os.Args[1:], table) })
}

// placed wants two units, and each of two warehouses has one: the order gets two shipments.
var placed = domain.OrderPlaced{Lines: []domain.Line{{ProductID: "p", Quantity: 2}}}

// inputs are all that the machine decides about. An input that depends on more than the state is there once for each case.
var inputs = []struct {
	name string
	in   domain.Input
}{
	{"order.placed (available)", placed},
	{short, placed},
	{"order.confirmed", domain.OrderConfirmed{}},
	{"order.cancel_requested", domain.OrderCancelRequested{}},
	{"order.cancelled", domain.OrderCancelled{}},
	{"dispatch 1", domain.Dispatch{Shipment: 1}},
	{"dispatch 2", domain.Dispatch{Shipment: 2}},
	{"deliver 1", domain.Deliver{Shipment: 1}},
	{"deliver 2", domain.Deliver{Shipment: 2}},
}

// short is order.placed in an empty warehouse.
const short = "order.placed (short)"

// world is a fulfilment and the stock that its decisions change.
type world struct {
	domain.Fulfilment
	stock domain.Stock
}

func table() (automaton.Table, error) {
	var names []string
	for _, i := range inputs {
		names = append(names, i.name)
	}
	start := world{Fulfilment: domain.New("order"), stock: domain.Stock{{ProductID: "p", WarehouseID: "1"}: {OnHand: 1}, {ProductID: "p", WarehouseID: "2"}: {OnHand: 1}}}
	return automaton.Walk(automaton.Subject[world]{Aggregate: "fulfilment", Start: start, Inputs: names, Key: key, Step: step})
}

func step(w world, input string) (world, automaton.Outcome) {
	stock := maps.Clone(w.stock)
	if input == short {
		stock = domain.Stock{}
	}
	next, out, err := domain.Decide(w.Fulfilment, named(input), stock)
	if err != nil {
		return w, automaton.Outcome{Refused: err}
	}
	if err := stock.Apply(out.Deltas...); err != nil {
		panic(err) // a decision that breaks the stock is a mistake in the domain, not a row of a table
	}
	did := automaton.Outcome{Effects: effects(out)}
	for _, m := range out.Messages {
		did.Emits = append(did.Emits, name(m))
	}
	return world{next, stock}, did
}

func named(name string) domain.Input {
	for _, i := range inputs {
		if i.name == name {
			return i.in
		}
	}
	panic("unknown input " + name)
}

// name adds the shipment's number, because each is a message of its own.
func name(m domain.Message) string {
	switch m := m.(type) {
	case domain.ShipmentDispatched:
		return fmt.Sprintf("%s %d", m.Type(), m.Number)
	case domain.ShipmentDelivered:
		return fmt.Sprintf("%s %d", m.Type(), m.Number)
	}
	return m.Type()
}

// effects says what happens to stock, in units.
func effects(out domain.Outcome) (effects []string) {
	var onHand, reserved int64
	for _, d := range out.Deltas {
		onHand, reserved = onHand+d.OnHand, reserved+d.Reserved
	}
	switch {
	case onHand < 0:
		effects = append(effects, fmt.Sprintf("stock sold %d", -onHand))
	case reserved > 0:
		effects = append(effects, fmt.Sprintf("stock reserved %d", reserved))
	case reserved < 0:
		effects = append(effects, fmt.Sprintf("stock released %d", -reserved))
	}
	return effects
}

// key names a state: the status, and the shipments that left and arrived once there are any.
func key(w world) string {
	var left, arrived []string
	for _, s := range w.Shipments {
		n := strconv.Itoa(s.Number)
		switch s.Status {
		case domain.ShipmentHandedOver:
			left, arrived = append(left, n), append(arrived, n)
		case domain.ShipmentInTransit:
			left = append(left, n)
		}
	}
	switch {
	case w.Status == domain.None:
		return "-"
	case left == nil:
		return string(w.Status)
	}
	return fmt.Sprintf("%s left:%s arrived:%s", w.Status, list(left), list(arrived))
}

func list(numbers []string) string {
	if numbers == nil {
		return "none"
	}
	return strings.Join(numbers, ",")
}
