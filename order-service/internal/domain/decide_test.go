package domain

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/money"
)

// saga is the order's table of saga.md, written down by hand: for every state, what every input leads to. A pair that
// is not listed has no effect.
var saga = []struct {
	state  Status
	given  []Input // how to get there
	become map[string]Status
	emits  map[string]Message
	refuse map[string]error
}{
	{
		state: Pending,
		become: map[string]Status{
			"stock.reserved": Reserved, "payment.captured": Confirmed, "stock.rejected": Cancelled, "payment.failed": Cancelled,
			"cancel": Cancelled, "deadline": Cancelled,
		},
		emits: map[string]Message{
			"payment.captured": MessageConfirmed, "stock.rejected": MessageCancelled, "payment.failed": MessageCancelled,
			"cancel": MessageCancelled, "deadline": MessageCancelled,
		},
		refuse: map[string]error{"payment.captured (other amount)": ErrAmount},
	},
	{
		state: Reserved, given: []Input{StockReserved{}},
		become: map[string]Status{
			"payment.captured": Confirmed, "stock.rejected": Cancelled, "payment.failed": Cancelled, "cancel": Cancelled, "deadline": Cancelled,
		},
		emits: map[string]Message{
			"payment.captured": MessageConfirmed, "stock.rejected": MessageCancelled, "payment.failed": MessageCancelled,
			"cancel": MessageCancelled, "deadline": MessageCancelled,
		},
		refuse: map[string]error{"payment.captured (other amount)": ErrAmount},
	},
	{
		state: Confirmed, given: []Input{captured},
		become: map[string]Status{"cancel": Cancelling, "dispatched 1": PartiallyShipped, "delivered 1": PartiallyShipped, "dispatched 2": PartiallyShipped},
		emits:  map[string]Message{"cancel": MessageCancelRequested},
	},
	{
		state: Cancelling, given: []Input{captured, byCustomer},
		become: map[string]Status{"shipment.cancelled": Cancelled, "dispatched 1": PartiallyShipped, "delivered 1": PartiallyShipped, "dispatched 2": PartiallyShipped},
		emits:  map[string]Message{"shipment.cancelled": MessageCancelled},
	},
	{state: Cancelled, given: []Input{byCustomer}},
	{
		state: PartiallyShipped, given: []Input{captured, left(1)},
		become: map[string]Status{"dispatched 2": Shipped},
		refuse: map[string]error{"cancel": ErrAlreadyShipped},
	},
	{
		state: Shipped, given: []Input{captured, left(2), arrived(2), left(1)},
		become: map[string]Status{"delivered 1": Delivered},
		refuse: map[string]error{"cancel": ErrAlreadyShipped},
	},
	{
		state: Delivered, given: []Input{captured, arrived(2), arrived(1)},
		refuse: map[string]error{"cancel": ErrAlreadyShipped},
	},
}

func TestDecide_EveryStateAndInputAsTheSagaSays(t *testing.T) {
	inputs := map[string]Input{
		"cancel": byCustomer, "deadline": DeadlinePassed{}, "stock.reserved": StockReserved{}, "stock.rejected": short,
		"payment.captured": captured, "payment.captured (other amount)": PaymentCaptured{Amount: usd(290)}, "payment.failed": declined,
		"shipment.cancelled": ShipmentCancelled{}, "dispatched 1": left(1), "dispatched 2": left(2), "delivered 1": arrived(1),
	}
	for _, row := range saga {
		before := after(t, row.given...)
		require.Equal(t, row.state, before.Status)
		for name, in := range inputs {
			t.Run(string(row.state)+", "+name, func(t *testing.T) {
				o, events, err := Apply(before, in, deadline)
				require.ErrorIs(t, err, row.refuse[name])
				want := row.become[name]
				if want == "" {
					want = row.state
				}
				require.Equal(t, want, o.Status)
				require.Equal(t, row.emits[name], emitted(t, events))
			})
		}
	}
}

// emitted is the one message of the events, or none.
func emitted(t *testing.T, events []Event) (message Message) {
	for _, e := range events {
		if m, ok := MessageOf(e); ok {
			require.Empty(t, message, "one step sends one message at most")
			message = m
		}
	}
	return message
}

func TestDecide_CancelReasons(t *testing.T) {
	for _, c := range []struct {
		in   Input
		want CancelReason
	}{
		{byCustomer, CancelReason{Code: CancelledByCustomer, Message: "cancelled by the customer", Note: "changed my mind"}},
		{Cancel{By: BySupport}, CancelReason{Code: CancelledBySupport, Message: "cancelled by support"}},
		{DeadlinePassed{}, CancelReason{Code: TimedOut, Message: "the order was not confirmed in time"}},
		{short, CancelReason{Code: OutOfStock, Message: "not everything is in stock", Shortages: short.Shortages}},
		{declined, CancelReason{Code: PaymentDeclined, Message: declined.Message, Decline: declined.Code}},
	} {
		require.Equal(t, &c.want, after(t, c.in).CancelReason)
	}
	support := after(t, captured, Cancel{By: BySupport}, byCustomer, ShipmentCancelled{})
	require.Equal(t, CancelledBySupport, support.CancelReason.Code, "the first cancellation is the one that counts")
}

func TestDecide_P28_DeadlineBeforeItsTimeIsNone(t *testing.T) {
	events, err := Decide(placed(t), DeadlinePassed{}, deadline.Add(-time.Nanosecond))
	require.NoError(t, err)
	require.Empty(t, events)
}

func TestDecide_P28_TheTimelineSaysThatACancellationCameTooLate(t *testing.T) {
	_, events, err := Apply(after(t, captured, byCustomer), left(1), deadline)
	require.NoError(t, err)
	require.Equal(t, []Event{CancellationTooLate{}, ShipmentDispatched{Number: 1, Of: 2, Tracking: "T"}}, events)
	require.Nil(t, after(t, captured, byCustomer, left(1)).CancelReason)
}

func TestDecide_ACaptureOfAnythingButTheTotalIsParked(t *testing.T) {
	for _, amount := range []money.Money{usd(290), usd(310), {Amount: 300, Currency: "EUR"}, {}} {
		events, err := Decide(placed(t), PaymentCaptured{Amount: amount}, noon)
		require.ErrorIs(t, err, ErrAmount, amount)
		require.Empty(t, events)
	}
}

func TestDecide_ShipmentsThatCannotBe(t *testing.T) {
	for _, in := range []Input{
		ShipmentDispatched{Number: 0, Of: 2}, ShipmentDispatched{Number: 3, Of: 2}, ShipmentDispatched{Number: 2, Of: 3}, ShipmentDelivered{Number: 1},
	} {
		_, err := Decide(after(t, captured, left(1)), in, noon)
		require.ErrorIs(t, err, ErrShipmentNumber)
	}
}

func TestDecide_NothingHappensToAnOrderThatIsNone(t *testing.T) {
	_, err := Decide(Order{}, captured, noon)
	require.ErrorIs(t, err, ErrNotPlaced)
}

func TestPaymentStatus(t *testing.T) {
	some, all := PaymentRefunded{Amount: usd(100), Refunded: usd(100)}, PaymentRefunded{Amount: usd(200), Refunded: usd(300)}
	for name, c := range map[string]struct {
		inputs []Input
		want   PaymentStatus
	}{
		"placed":                               {nil, PaymentStatusProcessing},
		"captured":                             {[]Input{captured}, PaymentStatusCaptured},
		"declined":                             {[]Input{declined}, PaymentStatusFailed},
		"cancelled before the money":           {[]Input{byCustomer}, PaymentStatusVoided},
		"and captured all the same":            {[]Input{byCustomer, all}, PaymentStatusRefunded},
		"cancelled after the money":            {[]Input{captured, byCustomer, ShipmentCancelled{}}, PaymentStatusCaptured},
		"part of it back":                      {[]Input{captured, some}, PaymentStatusPartiallyRefunded},
		"all of it back":                       {[]Input{captured, some, all}, PaymentStatusRefunded},
		"the older refund comes last":          {[]Input{captured, all, some}, PaymentStatusRefunded},
		"a refund overtakes its capture":       {[]Input{some, captured}, PaymentStatusPartiallyRefunded},
		"a late success overtakes the failure": {[]Input{all, declined}, PaymentStatusRefunded},
	} {
		require.Equal(t, c.want, after(t, c.inputs...).PaymentStatus, name)
	}
	_, err := Decide(after(t, captured), PaymentRefunded{Refunded: PaymentCaptured{}.Amount}, noon)
	require.ErrorIs(t, err, ErrAmount)
}

func TestStatus_SettledWhenNothingIsAwaited(t *testing.T) {
	for status, want := range map[Status]bool{
		Pending: false, Reserved: false, Cancelling: false, Confirmed: true, Cancelled: true, PartiallyShipped: true, Shipped: true, Delivered: true,
	} {
		require.Equal(t, want, status.Settled(), status)
	}
}
