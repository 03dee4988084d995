package domain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/money"
)

// rules are those of the defaults.
var rules = Rules{KeyLife: 23 * time.Hour, AuthenticationTime: 5 * time.Minute}

func Decide(p Payment, in Input) (Payment, Outcome, error) { return rules.Decide(p, in) }

func usd(amount int64) money.Money { return money.Money{Amount: amount, Currency: "USD"} }

var (
	reserved    = StockReserved{CustomerID: "c", Amount: usd(30), Method: "pm_card_visa"}
	cancelled   = OrderCancelled{Total: usd(30)}
	succeeded   = Fact{Kind: FactSucceeded, IntentID: "pi", Captured: usd(30)}
	declined    = Fact{Kind: FactDeclined, IntentID: "pi", Failure: &Failure{Code: "card_declined", Message: "declined"}}
	canceled    = Fact{Kind: FactCanceled, IntentID: "pi"}
	actionAsked = Fact{Kind: FactRequiresAction, IntentID: "pi"}
	unanswered  = NoCertainAnswer{}
	pendingFact = Fact{Kind: FactPending, IntentID: "pi"}
	hinted      = Hint{Kind: HintIntent, IntentID: "pi"}
	saysMoved   = Hint{Kind: HintBooks, IntentID: "pi"}
	moved       = Fact{Kind: FactSucceeded, IntentID: "pi", Captured: usd(30), Moved: true}
	saysNoMoney = Hint{Kind: HintNoMoney, IntentID: "pi"}
	authFailed  = Fact{Kind: FactRequiresPaymentMethod, IntentID: "pi", Failure: &Failure{Code: "authentication_failed", Message: "not authenticated"}}
)

func refundOf(cause string, amount int64) RefundRequested {
	return RefundRequested{Cause: cause, Amount: usd(amount)}
}

// after is the payment after the inputs, none of which may be refused.
func after(t testing.TB, inputs ...Input) Payment {
	t.Helper()
	p := New("p", "o")
	for _, in := range inputs {
		var err error
		p, _, err = Decide(p, in)
		require.NoError(t, err)
	}
	return p
}

func types(messages []Message) []string {
	names := []string{}
	for _, m := range messages {
		names = append(names, m.Type())
	}
	return names
}
