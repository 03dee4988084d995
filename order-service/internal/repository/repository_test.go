package repository_test

import (
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/order-service/internal/domain"
	"marketplace/order-service/internal/repository"
	"marketplace/order-service/migrations"
	"marketplace/shared/fault"
	"marketplace/shared/idempotency"
	"marketplace/shared/money"
	"marketplace/shared/outbox"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	schema = "order_service"
	within = time.Minute
)

// store is a repository and what it would have published.
type store struct {
	*repository.Orders
	testkit.DB
	t *testing.T

	mu        sync.Mutex
	committed map[string][]string // types by order
}

func newStore(t *testing.T) *store {
	t.Helper()
	s := &store{DB: testkit.Database(t, schema, migrations.Files), t: t, committed: map[string][]string{}}
	s.Orders = repository.New(s.Pool, func(records []outbox.Record) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, r := range records {
			s.committed[r.Subject] = append(s.committed[r.Subject], r.Type)
		}
	})
	return s
}

func usd(amount int64) money.Money { return money.Money{Amount: amount, Currency: "USD"} }

var silent = repository.Answer{Render: func(domain.Order) (idempotency.Reply, error) { return idempotency.Reply{}, nil }}

// place makes an order of two lines with this much patience.
func (s *store) place(patience time.Duration) domain.Order {
	s.t.Helper()
	out, err := s.placeAs(somebody(), patience)
	require.NoError(s.t, err)
	return out
}

// somebody is a new customer at an address of their own, whom no limit concerns.
func somebody() domain.Shopper {
	return domain.Shopper{CustomerID: uuid.NewString(), Network: uuid.NewString(), Limits: domain.Limits{
		OpenOrders: 1000, OpenUnits: 100_000, Declines: 1000, Window: time.Hour, DeclinesPerAddress: 1000, AddressWindow: time.Hour,
	}}
}

// placeAs is place for one shopper, within their limits.
func (s *store) placeAs(by domain.Shopper, patience time.Duration) (domain.Order, error) {
	s.t.Helper()
	accepted, err := money.Accept("USD")
	require.NoError(s.t, err)
	out, _, err := s.Create(s.t.Context(), by, "", func(number string, now time.Time, st domain.Standing) (domain.Order, []domain.Event, error) {
		o, events, err := domain.Place(domain.Placement{
			ID: uuid.Must(uuid.NewV7()).String(), Number: number, CustomerID: by.CustomerID, PlacedAt: now, Deadline: now.Add(patience),
			Accepted:      accepted,
			PaymentMethod: "pm_card_visa", Address: domain.Address{Name: "Ada", Line1: "1", City: "London", PostalCode: "1", Country: "GB"},
			Lines: []domain.Line{
				{ProductID: uuid.NewString(), SKU: "A", Name: "Lamp", Quantity: 2, UnitPrice: usd(100)},
				{ProductID: uuid.NewString(), SKU: "B", Name: "Desk", Quantity: 1, UnitPrice: usd(50)},
			},
		})
		if err == nil {
			err = by.Limits.Admit(st, o.Units(), now)
		}
		return o, events, err
	}, silent)
	return out.Order, err
}

func apply(o domain.Order, c domain.Change, now time.Time) (domain.Order, []domain.Event, error) {
	return domain.Apply(o, c.Input, now)
}

func fact(id string, in domain.Input) domain.Change {
	return domain.Change{OrderID: id, Input: in, Source: "test", MessageID: uuid.NewString()}
}

func (s *store) get(id string) domain.Order {
	s.t.Helper()
	o, err := s.Get(s.t.Context(), id)
	require.NoError(s.t, err)
	return o
}

// sound asserts that every projection is what its events make of it.
func (s *store) sound(orders int) {
	s.t.Helper()
	found, err := s.Rebuild(s.t.Context(), false)
	require.NoError(s.t, err)
	require.Empty(s.t, found.Different)
	require.Empty(s.t, found.Broken)
	require.Equal(s.t, orders, found.Orders)
}

func TestUpdate_ASetOfMessagesIsOneTransaction(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	a, b := s.place(time.Hour), s.place(time.Hour)
	twice := fact(a.ID, domain.PaymentCaptured{Amount: a.Total})
	out, err := s.Update(t.Context(), []domain.Change{
		fact(a.ID, domain.StockReserved{}), fact(b.ID, domain.StockRejected{}), twice, twice, fact(a.ID, domain.ShipmentDispatched{Number: 1, Of: 1}),
	}, apply)
	require.NoError(t, err)
	require.Len(t, out, 2)
	require.Equal(t, domain.Shipped, s.get(a.ID).Status)
	require.Equal(t, 4, s.get(a.ID).Version)
	require.Equal(t, domain.Cancelled, s.get(b.ID).Status)
	require.Equal(t, []string{"order.placed", "order.confirmed"}, s.committed[a.ID])

	out, err = s.Update(t.Context(), []domain.Change{twice}, apply)
	require.NoError(t, err)
	require.Empty(t, out)
	s.sound(2)
}

func TestUpdate_OneRefusedChangeRefusesTheSet(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	a, b := s.place(time.Hour), s.place(time.Hour)
	good := fact(a.ID, domain.StockReserved{})
	_, err := s.Update(t.Context(), []domain.Change{good, fact(b.ID, domain.PaymentCaptured{Amount: usd(1)})}, apply)
	require.ErrorIs(t, err, domain.ErrAmount)
	require.False(t, fault.Transient(err))
	require.Equal(t, domain.Pending, s.get(a.ID).Status)
	_, err = s.Update(t.Context(), []domain.Change{good}, apply)
	require.NoError(t, err, "its inbox row was undone too")
	require.Equal(t, domain.Reserved, s.get(a.ID).Status)

	_, err = s.Update(t.Context(), []domain.Change{fact(uuid.NewString(), domain.StockReserved{})}, apply)
	require.ErrorIs(t, err, domain.ErrNotPlaced)
}

// Sets that overlap in every order must not deadlock, whatever the order of their messages.
func TestUpdate_P30_OverlappingSetsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var ids []string
	for range 10 {
		ids = append(ids, s.place(time.Hour).ID)
	}
	var wg sync.WaitGroup
	for worker := range 20 {
		wg.Go(func() {
			shuffle := rand.New(rand.NewPCG(7, uint64(worker)))
			for range 5 {
				changes := make([]domain.Change, len(ids))
				for i, at := range shuffle.Perm(len(ids)) {
					changes[i] = fact(ids[at], domain.StockReserved{})
				}
				if _, err := s.Update(t.Context(), changes, apply); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, id := range ids {
		require.Equal(t, 2, s.get(id).Version)
	}
	s.sound(10)
}

func TestExpire_P28_TheDeadlineRacesTheCapture(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	const rounds, set = 100, 10 // 1000 races
	var confirmed, cancelled int
	for round := range rounds {
		orders := make([]domain.Order, set)
		changes := make([]domain.Change, set)
		for i := range orders {
			orders[i] = s.place(time.Microsecond)
			changes[i] = fact(orders[i].ID, domain.PaymentCaptured{Amount: orders[i].Total})
		}
		barrier := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			<-barrier
			for i := range changes { // in pieces, so that some are before and some after
				_, err := s.Update(t.Context(), changes[i:i+1], apply)
				if err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			<-barrier
			for range 3 {
				if _, err := s.Expire(t.Context(), time.Time{}, 1+round%set, apply); err != nil {
					t.Error(err)
				}
			}
		})
		close(barrier)
		wg.Wait()
		for _, o := range orders {
			s.mu.Lock()
			said := s.committed[o.ID]
			s.mu.Unlock()
			switch after := s.get(o.ID); after.Status {
			case domain.Confirmed:
				confirmed++
				require.Equal(t, []string{"order.placed", "order.confirmed"}, said)
			case domain.Cancelled:
				cancelled++
				require.Equal(t, []string{"order.placed", "order.cancelled"}, said)
				require.Equal(t, domain.TimedOut, after.CancelReason.Code)
			default:
				t.Fatalf("order is %s", after.Status)
			}
		}
	}
	require.Equal(t, rounds*set, confirmed+cancelled)
	require.Positive(t, confirmed)
	require.Positive(t, cancelled)
	s.sound(rounds * set)
}

// Messages are lost, repeated and shuffled; once the deadline has passed, every order has its end, and what it told the
// others agrees with it.
func TestSaga_P31_EveryOrderEnds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(5) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			luck := rand.New(rand.NewPCG(31, seed))
			var changes []domain.Change
			const orders = 40
			for range orders {
				o := s.place(time.Duration(1+luck.IntN(3)) * time.Millisecond)
				for _, in := range []domain.Input{
					domain.StockReserved{},
					domain.PaymentCaptured{Amount: o.Total},
					domain.StockRejected{},
					domain.PaymentFailed{Code: "x"},
					domain.Cancel{},
					domain.PaymentRefunded{Amount: o.Total, Refunded: o.Total},
					domain.ShipmentCancelled{},
				} {
					for c := fact(o.ID, in); luck.IntN(3) > 0; { // none, one or several times
						changes = append(changes, c)
					}
				}
			}
			luck.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
			var wg sync.WaitGroup
			for chunk := range 4 {
				wg.Go(func() {
					for i := chunk * 20; i < len(changes); i += 80 {
						if _, err := s.Update(t.Context(), changes[i:min(i+20, len(changes))], apply); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Go(func() { _, _ = s.Expire(t.Context(), time.Time{}, 7, apply) })
			wg.Wait()

			testkit.Eventually(t, time.Minute, func() bool {
				_, err := s.Expire(t.Context(), time.Time{}, 100, apply)
				require.NoError(t, err)
				var open int
				require.NoError(t, s.Pool.QueryRow(t.Context(), "select count(*) from orders where status in ('pending', 'reserved')").Scan(&open))
				return open == 0
			})
			// The warehouse answers what is still being cancelled.
			rows, err := s.Pool.Query(t.Context(), "select id::text from orders where status = 'cancelling'")
			require.NoError(t, err)
			var answers []domain.Change
			for rows.Next() {
				var id string
				require.NoError(t, rows.Scan(&id))
				answers = append(answers, fact(id, domain.ShipmentCancelled{}))
			}
			_, err = s.Update(t.Context(), answers, apply)
			require.NoError(t, err)
			s.ended(orders)
		})
	}
}

// ended asserts that every order is confirmed or cancelled and has said so exactly once.
func (s *store) ended(orders int) {
	s.t.Helper()
	var wrong int
	require.NoError(s.t, s.Pool.QueryRow(s.t.Context(), `select count(*) from orders o where status not in ('confirmed', 'cancelled')
		or (select count(*) from outbox where subject = o.id::text and type = 'order.cancelled') <> (status = 'cancelled')::int
		or (select count(*) from outbox where subject = o.id::text and type = 'order.confirmed') > 1`).Scan(&wrong))
	require.Zero(s.t, wrong)
	s.sound(orders)
}
