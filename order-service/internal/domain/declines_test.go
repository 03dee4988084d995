package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOrder_P60_ADeclineIsTheCustomersDoing(t *testing.T) {
	failed := func(code string) []Input { return []Input{PaymentFailed{Code: code}} }
	bySupport := Cancel{By: BySupport}
	for name, c := range map[string]struct {
		inputs []Input
		want   bool
	}{
		"open":                              {[]Input{StockReserved{}}, false},
		"no money":                          {failed("insufficient_funds"), true},
		"a code of next year":               {failed("a_code_of_next_year"), true},
		"not authenticated in time":         {failed("authentication_timeout"), true},
		"authentication failed":             {failed("payment_intent_authentication_failure"), true},
		"the processor's trouble":           {failed("processing_error"), false},
		"an amount that is never charged":   {failed("amount_too_small"), false},
		"cancelled at the processor":        {failed("canceled"), false},
		"cancelled while pending":           {[]Input{byCustomer}, true},
		"cancelled while reserved":          {[]Input{StockReserved{}, byCustomer}, true},
		"cancelled, then a card's decline":  {append([]Input{byCustomer}, failed("stolen_card")...), true},
		"cancelled by support":              {[]Input{StockReserved{}, bySupport}, false},
		"paid, being cancelled":             {[]Input{captured, byCustomer}, false},
		"paid, then cancelled":              {[]Input{captured, byCustomer, ShipmentCancelled{}}, false},
		"money back before it is confirmed": {[]Input{PaymentRefunded{Refunded: usd(300)}, byCustomer}, false},
		"out of stock":                      {[]Input{short}, false},
		"out of stock, then cancelled":      {[]Input{short, byCustomer}, false},
		"the deadline":                      {[]Input{StockReserved{}, DeadlinePassed{}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, after(t, c.inputs...).Declined())
		})
	}
}
