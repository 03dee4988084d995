// Command transitions writes the payment's automaton, as the domain's own functions run it, to docs/transitions.json
// and the README. It is run by go generate and is no part of the service.
package main

import (
	"context"
	"os"
	"strings"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/automaton"
	"marketplace/shared/lifecycle"
	"marketplace/shared/money"
)

func main() {
	lifecycle.Main(func(context.Context) error { return automaton.Command(os.Args[1:], table) })
}

var total = money.Money{Amount: 100, Currency: "USD"}

// inputs are all but refunds that somebody asks for: those are explored, with their amounts, in the domain's own tests.
var inputs = []struct {
	name string
	in   domain.Input
}{
	{"stock.reserved", domain.StockReserved{Amount: total, Method: "pm_card_visa"}},
	{"order.cancelled", domain.OrderCancelled{Total: total}},
	{"attempt", domain.Attempt{}},
	{"no certain answer", domain.NoCertainAnswer{}},
	{"succeeded", domain.Fact{Kind: domain.FactSucceeded, Captured: total}},
	{"declined", domain.Fact{Kind: domain.FactDeclined}},
	{"canceled", domain.Fact{Kind: domain.FactCanceled}},
	{"requires_action", domain.Fact{Kind: domain.FactRequiresAction}},
	{"requires_payment_method", domain.Fact{Kind: domain.FactRequiresPaymentMethod}},
}

// Two inputs are made from the state: they settle the refund that is pending.
const (
	refundDone   = "refund done"
	refundFailed = "refund failed"
)

func table() (automaton.Table, error) {
	var names []string
	for _, i := range inputs {
		names = append(names, i.name)
	}
	return automaton.Walk(automaton.Subject[domain.Payment]{
		Aggregate: "payment", Start: domain.New("payment", "order"), Inputs: append(names, refundDone, refundFailed), Key: key, Step: step,
	})
}

func step(p domain.Payment, input string) (domain.Payment, automaton.Outcome) {
	in := named(input, p)
	if in == nil {
		return p, automaton.Outcome{}
	}
	next, out, err := domain.Decide(p, in)
	did := automaton.Outcome{Refused: err}
	for _, m := range out.Messages {
		did.Emits = append(did.Emits, m.Type())
	}
	for _, e := range out.Entries {
		did.Effects = append(did.Effects, "ledger: "+string(e.Kind))
	}
	if len(out.Refunds) > 0 {
		did.Effects = append(did.Effects, "refund of the rest asked for")
	}
	return next, did
}

// named returns the input, or nil when there is no refund to settle.
func named(name string, p domain.Payment) domain.Input {
	if name == refundDone || name == refundFailed {
		return settled(name, p)
	}
	for _, i := range inputs {
		if i.name == name {
			return i.in
		}
	}
	panic("unknown input " + name)
}

func settled(name string, p domain.Payment) domain.Input {
	for _, r := range p.Refunds {
		if r.State != domain.RefundPending {
			continue
		}
		if name == refundFailed {
			return domain.RefundSettled{Cause: r.Cause, Failure: &domain.Failure{Code: "refused"}}
		}
		return domain.RefundSettled{Cause: r.Cause}
	}
	return nil
}

// key names a state: the state itself, unknown while the last answer was uncertain, unwanted where the state does not
// imply it, and what became of the refund.
func key(p domain.Payment) string {
	words := []string{string(p.State)}
	switch p.State {
	case domain.None:
		return "-"
	case domain.Called:
		if p.Uncertain {
			words = append(words, "unknown")
		}
	case domain.Captured:
		if !p.Left().IsZero() {
			break
		}
		words = append(words, "refunding")
		if p.Status() == domain.StatusRefunded {
			words[1] = "refunded"
		}
	}
	if p.Unwanted && (p.State == domain.Called || p.State == domain.Voiding) {
		words = append(words, "unwanted")
	}
	return strings.Join(words, " ")
}
