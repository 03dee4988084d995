package domain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/money"
)

var (
	noon     = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	deadline = noon.Add(15 * time.Minute)
)

func usd(amount int64) money.Money { return money.Money{Amount: amount, Currency: "USD"} }

func line(product string, quantity, price int64) Line {
	return Line{ProductID: product, Quantity: quantity, UnitPrice: usd(price)}
}

// accepted is what the shop of these tests takes.
var accepted = func() money.Accepted {
	a, err := money.Accept("USD", "EUR", "ISK", "KWD", "MGA")
	if err != nil {
		panic(err)
	}
	return a
}()

func placement(lines ...Line) Placement {
	return Placement{ID: "o", Accepted: accepted, Number: "1001", CustomerID: "c", Lines: lines, PaymentMethod: "pm_card_visa", PlacedAt: noon, Deadline: deadline}
}

// placed is an order of 300 USD cents.
func placed(t require.TestingT) Order {
	o, _, err := Place(placement(line("p", 3, 100)))
	require.NoError(t, err)
	return o
}

// after is the order after the inputs, none of which may be refused.
func after(t testing.TB, inputs ...Input) Order {
	t.Helper()
	o := placed(t)
	for _, in := range inputs {
		var err error
		o, _, err = Apply(o, in, deadline)
		require.NoError(t, err)
	}
	return o
}

var (
	byCustomer = Cancel{By: ByCustomer, Note: "changed my mind"}
	short      = StockRejected{Shortages: []Shortage{{ProductID: "p", Wanted: 3, Available: 1}}}
	captured   = PaymentCaptured{Amount: usd(300)}
	declined   = PaymentFailed{Code: "card_declined", Message: "Your card was declined."}
)

func left(n int) Input    { return ShipmentDispatched{Number: n, Of: 2, Tracking: "T"} }
func arrived(n int) Input { return ShipmentDelivered{Number: n, Of: 2} }
