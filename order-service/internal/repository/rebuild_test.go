package repository_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/testkit"
)

func TestRebuild_FindsAndRepairs(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var orders []domain.Order
	for range 5 {
		o := s.place(time.Hour)
		_, err := s.Update(t.Context(), []domain.Change{
			fact(o.ID, domain.StockReserved{}), fact(o.ID, domain.PaymentCaptured{Amount: o.Total}),
			fact(o.ID, domain.Cancel{Note: "n"}), fact(o.ID, domain.ShipmentDispatched{Number: 2, Of: 2, Tracking: "T"}),
			fact(o.ID, domain.PaymentRefunded{Amount: usd(1), Refunded: usd(1), Cause: "support:k"}),
		}, apply)
		require.NoError(t, err)
		orders = append(orders, s.get(o.ID))
	}
	short := s.place(time.Hour)
	_, err := s.Update(t.Context(), []domain.Change{fact(short.ID, domain.StockRejected{Shortages: []domain.Shortage{{ProductID: "p", Wanted: 2}}})}, apply)
	require.NoError(t, err)
	s.sound(6)

	for _, damage := range []string{
		"update orders set status = 'delivered' where id = '" + orders[0].ID + "'",
		"update orders set shipments_left = '{1}' where id = '" + orders[1].ID + "'",
		"update order_items set quantity = 1, total_amount = unit_amount where order_id = '" + orders[2].ID + "'",
		"delete from order_items where order_id = '" + orders[3].ID + "'",
		"delete from orders where id = '" + orders[3].ID + "'",
	} {
		_, err := s.Pool.Exec(t.Context(), damage)
		require.NoError(t, err)
	}
	found, err := s.Rebuild(t.Context(), true)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{orders[0].ID, orders[1].ID, orders[2].ID, orders[3].ID}, found.Different)
	for _, o := range orders {
		require.Equal(t, o, s.get(o.ID))
	}
	s.sound(6)
}

// One order that makes no sense must not keep the others from being checked.
func TestRebuild_NamesWhatCannotBeReplayedAndGoesOn(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var orders []domain.Order
	for range 4 {
		o := s.place(time.Hour)
		_, err := s.Update(t.Context(), []domain.Change{fact(o.ID, domain.StockReserved{}), fact(o.ID, domain.PaymentCaptured{Amount: o.Total})}, apply)
		require.NoError(t, err)
		orders = append(orders, s.get(o.ID))
	}
	for _, damage := range []string{
		"alter table order_events disable trigger order_events_only_grow",
		"delete from order_events where seq = 2 and order_id = '" + orders[0].ID + "'",
		"update order_events set type = 'order.teleported' where seq = 3 and order_id = '" + orders[1].ID + "'",
		"delete from order_events where order_id = '" + orders[2].ID + "'",
		"update orders set status = 'delivered' where id = '" + orders[3].ID + "'",
	} {
		_, err := s.Pool.Exec(t.Context(), damage)
		require.NoError(t, err)
	}
	found, err := s.Rebuild(t.Context(), true)
	require.NoError(t, err)
	require.Equal(t, 4, found.Orders)
	require.Equal(t, []string{orders[3].ID}, found.Different)
	require.Len(t, found.Broken, 3)
	for i, reason := range []string{"event 3: it follows 1", "event 3: stored event of unknown type order.teleported", "it has no events"} {
		require.EqualError(t, found.Broken[i], "order "+orders[i].ID+": "+reason)
		require.Equal(t, orders[i], s.get(orders[i].ID), "what cannot be replayed stays as it is")
	}
	require.Equal(t, orders[3], s.get(orders[3].ID), "and the others are repaired")
}

func TestOrderEvents_AreNeverChanged(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	s.place(time.Hour)
	for _, damage := range []string{"update order_events set seq = 2", "delete from order_events", "truncate order_events"} {
		_, err := s.Pool.Exec(t.Context(), damage)
		require.ErrorContains(t, err, "what happened is never changed", damage)
	}
}

// A change that comes while its order is repaired waits for the repair, and is decided on what that leaves.
func TestRebuild_AChangeThatWaitsForARepairFindsItsOrder(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	o := s.place(time.Hour)
	_, err := s.Pool.Exec(t.Context(), "update orders set status = 'delivered' where id = $1", o.ID)
	require.NoError(t, err)
	gate, err := s.Pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = gate.Rollback(context.Background()) }()
	_, err = gate.Exec(t.Context(), "lock table order_items in share mode") // the repair waits, with its locks
	require.NoError(t, err)
	waiting := func(n int) {
		testkit.Eventually(t, time.Minute, func() bool {
			var waits int
			require.NoError(t, s.Pool.QueryRow(t.Context(), "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'").Scan(&waits))
			return waits == n
		})
	}

	var work sync.WaitGroup
	var repairing, changing error
	work.Go(func() { _, repairing = s.Rebuild(t.Context(), true) })
	waiting(1)
	work.Go(func() {
		_, changing = s.Update(t.Context(), []domain.Change{fact(o.ID, domain.PaymentCaptured{Amount: o.Total})}, apply)
	})
	waiting(2)
	require.NoError(t, gate.Rollback(t.Context()))
	work.Wait()
	require.NoError(t, repairing)
	require.NoError(t, changing)
	require.Equal(t, domain.Confirmed, s.get(o.ID).Status)
	s.sound(1)
}
