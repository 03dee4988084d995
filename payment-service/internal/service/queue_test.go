package service

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/payment-service/internal/domain"
	"marketplace/shared/fault"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestQueue_NeverRunsMoreThanItsSlotsAndWaitsForThemAtTheStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most, done atomic.Int64
		due := 10
		q := newQueue("q", zerolog.Nop(), 3, func(_ context.Context, limit int) ([]int, error) {
			tasks := make([]int, min(limit, due))
			due -= len(tasks)
			most.Store(max(most.Load(), running.Add(int64(len(tasks)))))
			return tasks, nil
		}, func(context.Context, int) {
			<-time.After(time.Minute)
			running.Add(-1)
			done.Add(1)
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- q.run(ctx) }()
		<-time.After(2*time.Minute + 30*time.Second)
		cancel()
		require.NoError(t, <-ended)
		require.EqualValues(t, 3, most.Load())
		require.Equal(t, 1, due, "a third set of three is running")
		require.EqualValues(t, 9, done.Load(), "what ran has ended")
	})
}

func TestQueue_IsWokenAndOtherwiseSweeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var claims []time.Duration
		begin := time.Now()
		q := newQueue("q", zerolog.Nop(), 3, func(context.Context, int) ([]int, error) {
			claims = append(claims, time.Since(begin))
			return nil, errors.New("the database is away")
		}, func(context.Context, int) {})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- q.run(ctx) }()
		<-time.After(1500 * time.Millisecond)
		q.wakeUp()
		<-time.After(time.Second)
		cancel()
		require.NoError(t, <-ended)
		require.Equal(t, []time.Duration{0, time.Second, 1500 * time.Millisecond, 2 * time.Second}, claims)
		require.Equal(t, 3, q.reserve(5), "a claim that failed keeps no slot")
		require.Zero(t, q.reserve(1))
	})
}

func TestGroup_WritesSetsOfWhatIsThereAndTellsEachItsOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("refused")
		var sizes []int
		g := newGroup(3, func(_ context.Context, set []int) []error {
			sizes = append(sizes, len(set))
			<-time.After(time.Second) // the others gather meanwhile
			failures := make([]error, len(set))
			for i, v := range set {
				if v == 4 {
					failures[i] = bad
				}
			}
			return failures
		})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- g.run(ctx) }()
		outcomes := make([]error, 8)
		for i := range outcomes {
			go func() { outcomes[i] = g.do(t.Context(), i) }()
			synctest.Wait()
		}
		<-time.After(time.Minute)
		synctest.Wait()
		cancel()
		require.NoError(t, <-ended)
		require.Equal(t, []int{1, 3, 3, 1}, sizes)
		for i, err := range outcomes {
			require.Equal(t, i == 4, errors.Is(err, bad), i)
		}
		impatient, give := context.WithTimeout(t.Context(), time.Second)
		defer give()
		require.ErrorIs(t, g.do(impatient, 9), context.DeadlineExceeded, "nobody writes any more")
	})
}

func TestQueue_P49_ADatabaseThatDoesNotAnswerHoldsNobodyForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		silent := func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		claims := 0
		q := newQueue("q", zerolog.Nop(), 1, func(ctx context.Context, _ int) ([]int, error) {
			claims++
			return nil, silent(ctx)
		}, func(context.Context, int) {})
		s := New(Options{Store: silentStore{silent: silent}, Metrics: NewMetrics(prometheus.NewRegistry()), Calls: 1, Rules: noRules})
		g := s.answers
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 2)
		go func() { ended <- q.run(ctx) }()
		go func() { ended <- g.run(ctx) }()
		require.ErrorIs(t, g.do(t.Context(), domain.Change{}), context.DeadlineExceeded)
		<-time.After(time.Minute)
		cancel()
		require.NoError(t, <-ended)
		require.NoError(t, <-ended)
		require.Greater(t, claims, 3)
	})
}

// silentStore never answers.
type silentStore struct {
	Store
	silent func(context.Context) error
}

func (s silentStore) Update(ctx context.Context, _ []domain.Change, _ decide, _ int) (domain.Saved, error) {
	return domain.Saved{}, s.silent(ctx)
}

// brokenStore refuses with err, as often as it is asked.
type brokenStore struct {
	Store
	err   error
	tries []time.Duration
	begin time.Time
}

func (s *brokenStore) Update(context.Context, []domain.Change, decide, int) (domain.Saved, error) {
	s.tries = append(s.tries, time.Since(s.begin))
	return domain.Saved{}, s.err
}

func TestAnswers_AreSavedAgainAsLongAsTheirTasksAreOurs(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		lease time.Duration
		tries int
	}{
		"the database is away":         {fault.New(fault.Unavailable, "away", "away"), 5 * time.Second, 9}, // after 0, 50, 150, 350, 750 ms, 1.55, 2.55, 3.55, 4.55 s
		"and the lease is over":        {fault.New(fault.Unavailable, "away", "away"), 0, 1},
		"the answer is not acceptable": {errors.New("refused"), 5 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &brokenStore{err: c.err, begin: time.Now()}
				s := New(Options{Store: store, Metrics: NewMetrics(prometheus.NewRegistry()), Calls: 1, Rules: noRules})
				longer := domain.Change{Until: time.Now().Add(time.Hour)}
				err := s.insist(t.Context(), []domain.Change{longer, {Until: time.Now().Add(c.lease)}, longer})
				require.ErrorIs(t, err, c.err)
				require.Len(t, store.tries, c.tries)
				require.LessOrEqual(t, store.tries[len(store.tries)-1], c.lease)
				failures := s.saveAnswers(t.Context(), []domain.Change{{Until: time.Now()}})
				require.Len(t, failures, 1)
				require.ErrorIs(t, failures[0], c.err)
			})
		})
	}
}

// The time-out may change between a claim and its call.
func TestWithin_ACallEndsWithItsLeaseHoweverLongTheTimeOutHasBecome(t *testing.T) {
	timeout := time.Hour
	s := &Payments{Options: Options{Timeout: func() time.Duration { return timeout }}}
	until := time.Now().Add(30 * time.Minute)
	ends := func() time.Time {
		ctx, cancel := s.within(t.Context(), until)
		defer cancel()
		deadline, _ := ctx.Deadline()
		return deadline
	}
	require.WithinDuration(t, until, ends(), time.Minute)
	timeout = 10 * time.Minute
	require.WithinDuration(t, time.Now().Add(timeout), ends(), time.Minute)
}

func noRules() domain.Rules { return domain.Rules{} }
