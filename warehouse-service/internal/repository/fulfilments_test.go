package repository_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/idempotency"
	"marketplace/shared/outbox"
	"marketplace/shared/testkit"
	"marketplace/warehouse-service/internal/domain"
	"marketplace/warehouse-service/internal/repository"
	"marketplace/warehouse-service/migrations"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store is a repository on a database of its own, and the messages that it handed over.
type store struct {
	t    *testing.T
	pool *pgxpool.Pool
	*repository.Fulfilments

	mu   sync.Mutex
	said map[string][]string // order to types
}

func open(t *testing.T) *store {
	t.Helper()
	s := &store{t: t, pool: testkit.Database(t, "warehouse_service", migrations.Files).Pool, said: map[string][]string{}}
	s.Fulfilments = repository.NewFulfilments(s.pool, func(records []outbox.Record) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range records {
			s.said[r.Subject] = append(s.said[r.Subject], r.Type)
		}
	})
	return s
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// message is a change as a message brings it.
func message(order string, in domain.Input) domain.Change {
	return domain.Change{OrderID: order, Input: in, MessageID: newID()}
}

func wants(product string, quantity int64) domain.OrderPlaced {
	return domain.OrderPlaced{Lines: []domain.Line{{ProductID: product, Quantity: quantity}}, Deadline: time.Now().Add(time.Hour)}
}

func (s *store) update(changes ...domain.Change) {
	s.t.Helper()
	_, err := s.Update(s.t.Context(), changes, domain.Decide)
	require.NoError(s.t, err)
}

func (s *store) stock(units int64) (product string) {
	s.t.Helper()
	product = newID()
	_, err := s.pool.Exec(s.t.Context(), `
		with w as (insert into warehouses (id, code, name) values ($2::uuid, $2::uuid::text, 'Depot'))
		insert into stock (product_id, warehouse_id, on_hand) values ($1, $2, $3)`, product, newID(), units)
	require.NoError(s.t, err)
	return product
}

func (s *store) count(query string, args ...any) (n int) {
	s.t.Helper()
	require.NoError(s.t, s.pool.QueryRow(s.t.Context(), query, args...).Scan(&n))
	return n
}

// plainly is an answer that nobody reads.
func plainly() idempotency.Answer[domain.ShipmentRow] {
	return idempotency.Answer[domain.ShipmentRow]{Render: func(domain.ShipmentRow) (idempotency.Reply, error) {
		return idempotency.Reply{Status: 200}, nil
	}}
}

// A thousand races, two at a time.
func TestUpdate_P28_ACancellationAndADispatchAtOnceHaveOneWinner(t *testing.T) {
	t.Parallel()
	s := open(t)
	const lanes, rounds = 2, 500
	product := s.stock(lanes * rounds)
	var dispatched [lanes]int
	var running sync.WaitGroup
	for lane := range lanes {
		running.Go(func() {
			for range rounds {
				if s.race(product) {
					dispatched[lane]++
				}
			}
		})
	}
	running.Wait()
	won := 0
	for _, n := range dispatched {
		won += n
	}
	require.Positive(t, won, "the race has two ends")
	require.Less(t, won, lanes*rounds, "the race has two ends")
	require.Equal(t, lanes*rounds-won, s.count(`select sum(on_hand) from stock`))
	require.Zero(t, s.count(`select sum(reserved) from stock`))
	require.Equal(t, won, s.count(`select count(*) from movements`))
}

// race lets a cancellation and the dispatch of a confirmed order meet, and says whether the parcel left.
func (s *store) race(product string) (left bool) {
	order := newID()
	if _, err := s.Update(context.Background(), []domain.Change{message(order, wants(product, 1)), message(order, domain.OrderConfirmed{})}, domain.Decide); err != nil {
		s.t.Error(err)
		return false
	}
	barrier := make(chan struct{})
	var racing sync.WaitGroup
	var refused, failed error
	racing.Go(func() {
		<-barrier
		change := domain.Change{OrderID: order, Input: domain.Dispatch{Shipment: 1, TrackingNumber: "T"}}
		_, _, refused = s.Command(context.Background(), change, 1, domain.Decide, plainly())
	})
	racing.Go(func() {
		<-barrier
		_, failed = s.Update(context.Background(), []domain.Change{message(order, domain.OrderCancelRequested{})}, domain.Decide)
	})
	close(barrier)
	racing.Wait()

	assert.NoError(s.t, failed)
	if refused == nil {
		assert.Equal(s.t, []string{"stock.reserved", "shipment.dispatched"}, s.told(order))
		return true
	}
	assert.ErrorIs(s.t, refused, domain.ErrNotAllocated)
	assert.Equal(s.t, []string{"stock.reserved", "shipment.cancelled"}, s.told(order))
	return false
}

// told is what was said about an order, in the order of the commits.
func (s *store) told(order string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.said[order]
}

func TestUpdate_FoldsABatchInTheOrderInWhichItCame(t *testing.T) {
	t.Parallel()
	s := open(t)
	product := s.stock(1)
	first, second, third := newID(), newID(), newID()
	s.update(
		message(first, wants(product, 1)), message(second, wants(product, 1)), // the first one gets it
		message(first, domain.OrderCancelled{}), message(third, wants(product, 1)), // and gives it back: the third one gets it
	)
	require.Equal(t, []string{"stock.reserved"}, s.said[first])
	require.Equal(t, []string{"stock.rejected"}, s.said[second])
	require.Equal(t, []string{"stock.reserved"}, s.said[third])
	require.Equal(t, 1, s.count(`select reserved from stock`))
	require.Equal(t, 1, s.count(`select count(*) from reservations where status = 'active'`))
}

func TestUpdate_ARefusedChangeLeavesNothingOfItsBatch(t *testing.T) {
	t.Parallel()
	s := open(t)
	product := s.stock(5)
	_, err := s.Update(t.Context(), []domain.Change{
		message(newID(), wants(product, 1)), message(newID(), domain.OrderPlaced{}),
	}, domain.Decide)
	require.ErrorIs(t, err, domain.ErrNoLines)
	require.Zero(t, s.count(`select (select count(*) from fulfilments) + (select count(*) from inbox) + (select count(*) from outbox)`))
	require.Zero(t, s.count(`select reserved from stock`))
}

func TestUpdate_P30_TheDatabaseIsTheLastGuard(t *testing.T) {
	t.Parallel()
	s := open(t)
	product := s.stock(1)
	careless := func(f domain.Fulfilment, in domain.Input, stock domain.Stock) (domain.Fulfilment, domain.Outcome, error) {
		for key := range stock {
			stock[key] = domain.Level{OnHand: 1000} // believes in goods that are not there
		}
		return domain.Decide(f, in, stock)
	}
	_, err := s.Update(t.Context(), []domain.Change{message(newID(), wants(product, 2))}, careless)
	require.Error(t, err)
	require.Zero(t, s.count(`select reserved from stock`))
	require.Zero(t, s.count(`select count(*) from fulfilments`))
}

func TestUpdate_P10_ADuplicateInTheBatchAndAfterIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	product := s.stock(10)
	m := message(newID(), wants(product, 3))
	s.update(m, m)
	s.update(m)
	require.Equal(t, 3, s.count(`select reserved from stock`))
	require.Equal(t, []string{"stock.reserved"}, s.said[m.OrderID])
}

func TestOverdue_CountsWhatShouldHaveBeenDecided(t *testing.T) {
	t.Parallel()
	s := open(t)
	product := s.stock(10)
	late := wants(product, 1)
	late.Deadline = time.Now().Add(-time.Minute)
	s.update(message(newID(), late), message(newID(), wants(product, 1)))
	n, err := s.Overdue(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
}
