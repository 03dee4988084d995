// Command transitions writes the payment's automaton, as the domain's own functions run it, to docs/transitions.json
// and the README. It is run by go generate and is no part of the service.
package main

import (
	"context"
	"os"
	"strconv"
	"strings"
	"time"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/automaton"
	"marketplace/shared/lifecycle"
	"marketplace/shared/money"
)

func main() {
	lifecycle.Main(func(context.Context) error { return automaton.Command(os.Args[1:], table) })
}

var total = money.Money{Amount: 100, Currency: "USD"}

// rules are those of the defaults: an input of the clock is within these times or beyond them.
var rules = domain.Rules{KeyLife: 23 * time.Hour, AuthenticationTime: 5 * time.Minute}

const intent = "pi"

// inputs are all but those about parts of the money and about single refunds: those are explored, with their amounts, in the
// domain's own tests.
// With the clock comes how long the payment stands where it stands, and since when its attempt is marked.
var inputs = []struct {
	name   string
	in     domain.Input
	asking domain.Asking
}{
	{name: "stock.reserved", in: domain.StockReserved{Amount: total, Method: "pm_card_visa"}},
	{name: "stock.reserved (deadline beyond the key's life)", in: domain.StockReserved{Amount: total, Method: "pm_card_visa", Remaining: rules.KeyLife}},
	{name: "order.cancelled", in: domain.OrderCancelled{Total: total}},
	{name: "shipment.dispatched", in: domain.ShipmentDispatched{}},
	{name: "due", in: domain.Due{}},
	{name: "due (authentication time is over)", in: domain.Due{}, asking: domain.Asking{Entered: rules.AuthenticationTime}},
	{name: "due (the key may be forgotten)", in: domain.Due{}, asking: domain.Asking{Marked: rules.KeyLife}},
	{name: "due (looked up for 30 days)", in: domain.Due{}, asking: domain.Asking{Marked: 30 * 24 * time.Hour}},
	{name: "no certain answer", in: domain.NoCertainAnswer{}},
	{name: "hint", in: domain.Hint{Kind: domain.HintIntent, IntentID: intent}},
	{name: "hint (no money)", in: domain.Hint{Kind: domain.HintNoMoney, IntentID: intent}},
	{name: "hint (money moved)", in: domain.Hint{Kind: domain.HintBooks, IntentID: intent}},
	{name: "succeeded", in: domain.Fact{Kind: domain.FactSucceeded, IntentID: intent, Captured: total}},
	{name: "declined", in: domain.Fact{Kind: domain.FactDeclined, IntentID: intent}},
	{name: "refused before execution", in: domain.Fact{Kind: domain.FactDeclined}},
	{name: "canceled", in: domain.Fact{Kind: domain.FactCanceled, IntentID: intent}},
	{name: "fenced", in: domain.Fact{Kind: domain.FactCanceled}},
	{name: "requires_action", in: domain.Fact{Kind: domain.FactRequiresAction, IntentID: intent}},
	{name: "requires_payment_method", in: domain.Fact{Kind: domain.FactRequiresPaymentMethod, IntentID: intent}},
	{name: "pending", in: domain.Fact{Kind: domain.FactPending, IntentID: intent}},
	{name: "foreign", in: domain.Fact{Kind: domain.FactForeign, IntentID: intent}},
}

// Some inputs are made from the state: support asks for everything back, or the refund that is pending is settled.
const (
	refundAsked  = "refund of everything asked"
	refundDone   = "refund done"
	refundFailed = "refund failed"
)

func table() (automaton.Table, error) {
	var names []string
	for _, i := range inputs {
		names = append(names, i.name)
	}
	return automaton.Walk(automaton.Subject[domain.Payment]{
		Aggregate: "payment", Start: domain.New("payment", "order"), Inputs: append(names, refundAsked, refundDone, refundFailed), Key: key, Step: step,
	})
}

// step leaves out how far the processor was asked, which decides only when it is asked again: that is tested in the domain.
func step(p domain.Payment, input string) (domain.Payment, automaton.Outcome) {
	in, asking := named(input, p)
	if in == nil {
		return p, automaton.Outcome{}
	}
	p.Asking = asking
	next, out, err := rules.Decide(p, in)
	next.Asking = domain.Asking{}
	did := automaton.Outcome{Refused: err}
	for _, m := range out.Messages {
		did.Emits = append(did.Emits, m.Type())
	}
	for _, e := range out.Entries {
		did.Effects = append(did.Effects, "ledger: "+string(e.Kind))
	}
	if len(out.Refunds) > 0 && input != refundAsked {
		did.Effects = append(did.Effects, "refund of the rest asked for")
	}
	if out.Ask != domain.AskNothing {
		did.Effects = append(did.Effects, "ask: "+string(out.Ask))
	}
	if out.Again {
		did.Effects = append(did.Effects, "ask again at once")
	}
	if out.Unresolved {
		did.Effects = append(did.Effects, "people are told")
	}
	return next, did
}

// named returns the input, or nil when there is no refund to settle.
func named(name string, p domain.Payment) (domain.Input, domain.Asking) {
	switch {
	case name == refundDone || name == refundFailed:
		return settled(name, p), domain.Asking{}
	case name == refundAsked && p.State != domain.Captured:
		return nil, domain.Asking{}
	case name == refundAsked:
		return domain.StaffRefund{Cause: domain.CauseSupport(strconv.Itoa(len(p.Refunds))), By: "support"}, domain.Asking{}
	}
	for _, i := range inputs {
		if i.name == name {
			return i.in, i.asking
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

// key names a state: the state itself, unknown while the last answer was uncertain, identified when the intent's
// identifier is known and decides what is asked, unwanted where the state does not imply it, and what became of the refund.
func key(p domain.Payment) string {
	words := []string{string(p.State)}
	switch p.State {
	case domain.None:
		return "-"
	case domain.Called:
		if p.Uncertain {
			words = append(words, "unknown")
		}
		if p.IntentID != "" {
			words = append(words, "identified")
		}
	case domain.Captured:
		if p.Dispatch == domain.Dispatched {
			words = append(words, "dispatched")
		}
		switch {
		case p.Status() == domain.StatusRefunded:
			words = append(words, "refunded")
		case p.Left().IsZero():
			words = append(words, "refunding")
		}
	}
	if p.Unwanted && (p.State == domain.Called || p.State == domain.Voiding || p.Dispatch == domain.Dispatched && p.Held().Amount > 0) {
		words = append(words, "unwanted")
	}
	return strings.Join(words, " ")
}
