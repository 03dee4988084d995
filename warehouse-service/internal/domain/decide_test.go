package domain

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// saga is the warehouse's table of saga.md, written down by hand: for every state, what every input leads to. A pair that is
// not listed has no effect.
var saga = []struct {
	state  Status
	given  []Input
	become map[string]Status
	emits  map[string]string
	refuse map[string]error
}{
	{
		state:  None,
		become: map[string]Status{"order.placed": Reserved, "order.placed (short)": Rejected, "order.cancelled": Released},
		emits:  map[string]string{"order.placed": "stock.reserved", "order.placed (short)": "stock.rejected"},
		refuse: map[string]error{"dispatch": ErrNotAllocated, "deliver": ErrNotAllocated},
	},
	{
		state: Reserved, given: []Input{twoParcels},
		become: map[string]Status{"order.confirmed": Allocated, "order.cancelled": Released, "order.cancel_requested": Released},
		emits:  map[string]string{"order.cancel_requested": "shipment.cancelled"},
		refuse: map[string]error{"dispatch": ErrNotAllocated, "deliver": ErrNotAllocated},
	},
	{
		state: Rejected, given: []Input{wants(Line{"p", 3})},
		refuse: map[string]error{"dispatch": ErrNotAllocated, "deliver": ErrNotAllocated},
	},
	{
		state: Released, given: []Input{twoParcels, OrderConfirmed{}, OrderCancelRequested{}},
		refuse: map[string]error{"dispatch": ErrNotAllocated, "deliver": ErrNotAllocated},
	},
	{
		state: Allocated, given: []Input{twoParcels, OrderConfirmed{}},
		become: map[string]Status{"order.cancel_requested": Released, "dispatch": Dispatched},
		emits:  map[string]string{"order.cancel_requested": "shipment.cancelled", "dispatch": "shipment.dispatched"},
		refuse: map[string]error{"deliver": ErrNotDispatched},
	},
	{
		state: Dispatched, given: []Input{twoParcels, OrderConfirmed{}, Dispatch{Shipment: 2}},
		emits:  map[string]string{"dispatch": "shipment.dispatched"},
		refuse: map[string]error{"deliver": ErrNotDispatched},
	},
	{
		state: Dispatched, given: []Input{twoParcels, OrderConfirmed{}, Dispatch{Shipment: 1}},
		emits:  map[string]string{"deliver": "shipment.delivered"},
		refuse: map[string]error{"dispatch": ErrShipmentLeft},
	},
	{
		state: Dispatched, given: []Input{twoParcels, OrderConfirmed{}, Dispatch{Shipment: 1}, Deliver{Shipment: 1}},
		refuse: map[string]error{"dispatch": ErrShipmentLeft, "deliver": ErrDelivered},
	},
}

func TestDecide_EveryStateAndInputAsTheSagaSays(t *testing.T) {
	inputs := map[string]Input{
		"order.placed": twoParcels, "order.placed (short)": wants(Line{"p", 3}), "order.confirmed": OrderConfirmed{},
		"order.cancel_requested": OrderCancelRequested{}, "order.cancelled": OrderCancelled{},
		"dispatch": Dispatch{Shipment: 1}, "deliver": Deliver{Shipment: 1},
	}
	for _, row := range saga {
		before, stock := after(t, row.given...)
		require.Equal(t, row.state, before.Status)
		for name, in := range inputs {
			t.Run(string(row.state)+", "+name, func(t *testing.T) {
				f, out, err := Decide(before, in, stock)
				require.ErrorIs(t, err, row.refuse[name])
				want, changes := row.become[name]
				if !changes {
					want = row.state
				}
				require.Equal(t, want, f.Status)
				emits := []string{}
				if m := row.emits[name]; m != "" {
					emits = []string{m}
				}
				require.Equal(t, emits, types(out.Messages))
			})
		}
	}
}

func TestDecide_ReservesAndHandsTheEnvelopeOn(t *testing.T) {
	f, out, err := Decide(New("o"), twoParcels, twoWarehouses())
	require.NoError(t, err)
	require.Equal(t, []Message{StockReserved{Payment: []byte("envelope")}}, out.Messages)
	require.Equal(t, []Delta{{Key: key("p", "w1"), Reserved: 1}, {Key: key("p", "w2"), Reserved: 1}}, out.Deltas)
	require.Empty(t, out.Movements)
	require.Equal(t, deadline, f.Deadline)
	require.Equal(t, []Reservation{{key("p", "w1"), 1, Active}, {key("p", "w2"), 1, Active}}, f.Reservations)
	require.Empty(t, f.Shipments, "nothing is picked before the money is there")
}

func TestDecide_ConfirmingWritesNoStock(t *testing.T) {
	f, stock := after(t, twoParcels)
	f, out, err := Decide(f, OrderConfirmed{}, stock)
	require.NoError(t, err)
	require.Zero(t, out)
	require.Equal(t, []Shipment{{1, "w1", ShipmentPending, ""}, {2, "w2", ShipmentPending, ""}}, f.Shipments)
}

func TestDecide_DispatchTakesFromOnHandAndReservedTogether(t *testing.T) {
	f, stock := after(t, twoParcels, OrderConfirmed{})
	next, out, err := Decide(f, Dispatch{Shipment: 2, TrackingNumber: "T"}, stock)
	require.NoError(t, err)
	require.Equal(t, []Message{ShipmentDispatched{Number: 2, Of: 2, TrackingNumber: "T"}}, out.Messages)
	require.Equal(t, []Delta{{Key: key("p", "w2"), OnHand: -1, Reserved: -1}}, out.Deltas)
	require.Equal(t, []Movement{{Key: key("p", "w2"), Kind: MovementSale, Quantity: -1, Cause: "o"}}, out.Movements)
	require.Equal(t, Shipment{2, "w2", ShipmentInTransit, "T"}, next.Shipments[1])
	require.Equal(t, Sold, next.Reservations[1].Status)
	require.Equal(t, ShipmentPending, f.Shipments[1].Status, "the state before stays as it was")
	require.Equal(t, Active, f.Reservations[1].Status)

	_, out, err = Decide(next, Deliver{Shipment: 2}, stock)
	require.NoError(t, err)
	require.Equal(t, Outcome{Messages: []Message{ShipmentDelivered{Number: 2, Of: 2}}}, out)

	_, _, err = Decide(next, Dispatch{Shipment: 3}, stock)
	require.ErrorIs(t, err, ErrNoShipment)
}

func TestDecide_P28_CancelBeforeDispatchStopsEverythingAndAfterItNothing(t *testing.T) {
	f, stock := after(t, twoParcels, OrderConfirmed{}, OrderCancelRequested{})
	require.Equal(t, twoWarehouses(), stock)
	for _, s := range f.Shipments {
		require.Equal(t, ShipmentStopped, s.Status)
	}
	for _, r := range f.Reservations {
		require.Equal(t, Free, r.Status)
	}
	f, stock = after(t, twoParcels, OrderConfirmed{}, Dispatch{Shipment: 1})
	next, out, err := Decide(f, OrderCancelRequested{}, stock)
	require.NoError(t, err)
	require.Zero(t, out)
	require.Equal(t, f, next)
}

func TestDecide_ATombstoneHoldsNothing(t *testing.T) {
	f, stock := after(t, OrderCancelled{}, twoParcels)
	require.Equal(t, Fulfilment{OrderID: "o", Status: Released}, f)
	require.Equal(t, twoWarehouses(), stock)
}

func TestDecide_RefusesAnOrderOfNothing(t *testing.T) {
	for _, c := range []struct {
		in   OrderPlaced
		want error
	}{{wants(), ErrNoLines}, {wants(Line{"p", 0}), ErrQuantity}, {wants(Line{"p", 1}, Line{"q", -1}), ErrQuantity}} {
		f, out, err := Decide(New("o"), c.in, twoWarehouses())
		require.ErrorIs(t, err, c.want)
		require.Zero(t, out)
		require.Equal(t, New("o"), f)
	}
}

func TestDecide_ConfirmedShipmentsKnowWhereTheyGo(t *testing.T) {
	f, _ := after(t, twoParcels, OrderConfirmed{ShipTo: []byte("address")})
	require.Equal(t, []byte("address"), f.ShipTo)
}
