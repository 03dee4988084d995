// Command transitions writes the order's automaton, as the domain's own functions run it, to docs/transitions.json and
// the README. It is run by go generate and is no part of the service.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/automaton"
	"marketplace/shared/lifecycle"
	"marketplace/shared/money"
)

func main() {
	lifecycle.Main(func(context.Context) error { return automaton.Command(os.Args[1:], table) })
}

var (
	placedAt = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	deadline = placedAt.Add(15 * time.Minute)
	total    = money.Money{Amount: 200, Currency: "USD"}
)

// inputs are those of an order with two shipments, so that every set of shipments occurs. An input that depends on
// more than the state is there once for each case.
var inputs = []struct {
	name string
	in   domain.Input
}{
	{"cancel", domain.Cancel{By: domain.ByCustomer}},
	{"deadline", domain.DeadlinePassed{}},
	{"stock.reserved", domain.StockReserved{}},
	{"stock.rejected", domain.StockRejected{Shortages: []domain.Shortage{{ProductID: "p", Wanted: 2}}}},
	{"payment.captured", domain.PaymentCaptured{Amount: total}},
	{"payment.captured (not the total)", domain.PaymentCaptured{Amount: money.Money{Amount: 199, Currency: "USD"}}},
	{"payment.failed", domain.PaymentFailed{Code: "card_declined", Message: "declined"}},
	{"shipment.cancelled", domain.ShipmentCancelled{}},
	{"shipment.dispatched 1", domain.ShipmentDispatched{Number: 1, Of: 2}},
	{"shipment.dispatched 2", domain.ShipmentDispatched{Number: 2, Of: 2}},
	{"shipment.delivered 1", domain.ShipmentDelivered{Number: 1, Of: 2}},
	{"shipment.delivered 2", domain.ShipmentDelivered{Number: 2, Of: 2}},
}

// Two inputs are made from the state: the command that makes the order, before which there is none, and a refund,
// which says something new only when the sum grew.
const (
	place  = "POST /orders"
	refund = "payment.refunded"
)

func table() (automaton.Table, error) {
	names := []string{place}
	for _, i := range inputs {
		names = append(names, i.name)
	}
	names = append(names, refund)
	return automaton.Walk(automaton.Subject[domain.Order]{
		Aggregate: "order", Inputs: names, Key: key, Step: step,
	})
}

func step(o domain.Order, input string) (domain.Order, automaton.Outcome) {
	if input == place {
		return placed(o)
	}
	if o.Status == "" {
		return o, automaton.Outcome{} // nobody knows the id yet
	}
	next, events, err := domain.Apply(o, named(input, o), deadline)
	return next, outcome(o, events, err)
}

func named(name string, o domain.Order) domain.Input {
	if name == refund {
		return domain.PaymentRefunded{Refunded: money.Money{Amount: o.Refunded.Amount + 1, Currency: "USD"}}
	}
	for _, i := range inputs {
		if i.name == name {
			return i.in
		}
	}
	panic("unknown input " + name)
}

func placed(o domain.Order) (domain.Order, automaton.Outcome) {
	if o.Status != "" {
		return o, automaton.Outcome{} // a second placing is another order
	}
	accepted, err := money.Accept("USD")
	if err != nil {
		panic(err)
	}
	next, events, err := domain.Place(domain.Placement{
		ID: "order", Accepted: accepted, Lines: []domain.Line{{ProductID: "p", Quantity: 2, UnitPrice: money.Money{Amount: 100, Currency: "USD"}}},
		PlacedAt: placedAt, Deadline: deadline,
	})
	return next, outcome(o, events, err)
}

// outcome lists the messages, and as effects what the new state does not say by itself.
func outcome(before domain.Order, events []domain.Event, err error) automaton.Outcome {
	did := automaton.Outcome{Refused: err}
	for _, e := range events {
		if m, ok := domain.MessageOf(e); ok {
			did.Emits = append(did.Emits, string(m))
		}
		switch e := e.(type) {
		case domain.OrderCancelled:
			if before.Status != domain.Cancelling {
				did.Effects = append(did.Effects, "reason "+string(e.Reason.Code))
			}
		case domain.CancellationTooLate:
			did.Effects = append(did.Effects, "the cancellation came too late")
		case domain.PaymentRefunded:
			did.Effects = append(did.Effects, "payment_status follows the sum")
		}
	}
	return did
}

// key names a state: the status, and the shipments that left and arrived once there are any. What was refunded is left
// out: it decides about nothing but payment_status.
func key(o domain.Order) string {
	switch {
	case o.Status == "":
		return "-"
	case len(o.Left) == 0:
		return string(o.Status)
	}
	return fmt.Sprintf("%s left:%s arrived:%s", o.Status, list(o.Left), list(o.Arrived))
}

func list(numbers domain.Numbers) string {
	if len(numbers) == 0 {
		return "none"
	}
	texts := make([]string, len(numbers))
	for i, n := range numbers {
		texts[i] = strconv.Itoa(n)
	}
	return strings.Join(texts, ",")
}
