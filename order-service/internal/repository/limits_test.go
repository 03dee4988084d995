package repository_test

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"marketplace/order-service/internal/domain"
	"marketplace/order-service/internal/repository"
)

// Customers order as fast as they can while the saga ends their orders, in sets that overlap: no transaction is a deadlock's
// victim, and nobody ever has more open than allowed.
func TestLimits_P60_TheyHoldWhileTheSagaGoesOn(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	const limit = 3
	shoppers := []domain.Shopper{somebody(), somebody()}
	for i := range shoppers {
		shoppers[i].Limits.OpenOrders = limit
	}
	var placing, ending sync.WaitGroup
	var placed, refused atomic.Int64
	open, done := make(chan domain.Order, 1000), make(chan struct{})
	for n := range 8 {
		placing.Go(func() {
			for range 40 {
				switch o, err := s.placeAs(shoppers[n%len(shoppers)], time.Hour); {
				case err == nil:
					placed.Add(1)
					open <- o
				case errors.Is(err, domain.ErrOpenOrders):
					refused.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	for n := range 3 {
		ending.Go(func() {
			for o := range open {
				set := []domain.Change{fact(o.ID, domain.PaymentFailed{Code: "stolen_card"})}
				if n == 0 {
					set[0].Input = domain.PaymentCaptured{Amount: o.Total}
				}
				select {
				case more := <-open:
					if more.ID != "" {
						set = append(set, fact(more.ID, domain.PaymentFailed{Code: "stolen_card"}), fact(o.ID, domain.StockReserved{}))
					}
				default:
				}
				if _, err := s.Update(t.Context(), set, apply); err != nil {
					t.Error(err)
				}
			}
		})
	}
	var watching sync.WaitGroup
	watching.Go(func() {
		for {
			var most int
			err := s.Pool.QueryRow(t.Context(), `select coalesce(max(n), 0) from (select count(*) as n from orders
				where status in ('pending', 'reserved') group by customer_id) o`).Scan(&most)
			if err != nil || most > limit {
				t.Errorf("%d open orders: %v", most, err)
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	placing.Wait()
	close(open)
	ending.Wait()
	close(done)
	watching.Wait()
	require.Greater(t, placed.Load(), int64(limit*len(shoppers)), "orders that ended made room")
	require.Positive(t, refused.Load())
	t.Logf("%d placed, %d refused", placed.Load(), refused.Load())
	s.sound(int(placed.Load()))
}

// Redelivered or late, a decline counts once; and it counts where the order was placed.
func TestLimits_P60_ADeclineCountsOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	by := somebody()
	by.Limits.Declines = 2
	o, err := s.placeAs(by, time.Hour)
	require.NoError(t, err)
	for range 3 {
		_, err := s.Update(t.Context(), []domain.Change{
			fact(o.ID, domain.PaymentFailed{Code: "stolen_card"}), fact(o.ID, domain.PaymentFailed{Code: "stolen_card"}),
		}, apply)
		require.NoError(t, err)
	}
	var network string
	require.NoError(t, s.Pool.QueryRow(t.Context(), "select network from declines").Scan(&network))
	require.Equal(t, by.Network, network)

	second, err := s.placeAs(by, time.Hour)
	require.NoError(t, err)
	_, err = s.Update(t.Context(), []domain.Change{fact(second.ID, domain.PaymentFailed{Code: "stolen_card"})}, apply)
	require.NoError(t, err)
	_, err = s.placeAs(by, time.Hour)
	require.ErrorIs(t, err, domain.ErrDeclines)

	last, err := s.ForgetDeclines(t.Context(), time.Hour, time.Time{}, 10)
	require.NoError(t, err)
	require.Nil(t, last, "they count")
	for after := (time.Time{}); ; after = *last { // one at a time
		last, err = s.ForgetDeclines(t.Context(), 0, after, 1)
		require.NoError(t, err)
		if last == nil {
			break
		}
	}
	_, err = s.placeAs(by, time.Hour)
	require.NoError(t, err)
}

// The customer cancels while the charge is answered: whichever is first ends the order, and an unpaid end counts once.
func TestLimits_P60_ACancellationThatRacesTheChargeCountsOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	for round := range 60 {
		o := s.place(time.Hour)
		answer := domain.Input(domain.PaymentFailed{Code: "stolen_card"})
		if round%2 == 0 {
			answer = domain.PaymentCaptured{Amount: o.Total}
		}
		var both sync.WaitGroup
		both.Go(func() {
			cancel := domain.Change{OrderID: o.ID, Input: domain.Cancel{By: domain.ByCustomer}, Source: domain.SourceCustomer}
			if _, _, err := s.Command(t.Context(), cancel, apply, silent); err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			if _, err := s.Update(t.Context(), []domain.Change{fact(o.ID, answer)}, apply); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		want := 1
		if s.get(o.ID).Status == domain.Cancelling { // it was paid before it was cancelled
			want = 0
		}
		var counted int
		require.NoError(t, s.Pool.QueryRow(t.Context(), "select count(*) from declines where order_id = $1", o.ID).Scan(&counted))
		require.Equal(t, want, counted)
	}
}

// What counts against an order is found by the indexes that are for it, and by nothing that grows with the customer's past.
func (s *store) plansOfLimits(t *testing.T, customer string) {
	rows, err := s.Pool.Query(t.Context(), "explain "+repository.SelectStanding, customer, 9, "192.0.2.7", 49)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	plan := strings.Join(lines, "\n")
	for _, index := range []string{"orders_open", "order_items_pkey", "declines_by_customer", "declines_by_network"} {
		require.Contains(t, plan, index, plan)
	}
}
