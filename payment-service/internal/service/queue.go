package service

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

const (
	// sweepEvery is how soon work is found that nobody woke this process for.
	sweepEvery = time.Second
	// databaseTime ends what the database does not answer: a server that is gone may leave a connection silent for very long,
	// and everybody would wait. It is longer than a statement may take.
	databaseTime = 15 * time.Second
)

// queue does the work that a table holds, at most so much at once as it has slots.
type queue[T any] struct {
	name  string
	log   zerolog.Logger
	slots chan struct{} // taken: one element each
	wake  chan struct{}
	claim func(ctx context.Context, limit int) ([]T, error)
	work  func(ctx context.Context, task T)

	running sync.WaitGroup
}

func newQueue[T any](
	name string, log zerolog.Logger, slots int,
	claim func(context.Context, int) ([]T, error), work func(context.Context, T),
) *queue[T] {
	return &queue[T]{
		name: name, log: log.With().Str("queue", name).Logger(),
		slots: make(chan struct{}, slots), wake: make(chan struct{}, 1), claim: claim, work: work,
	}
}

// reserve takes up to n free slots.
func (q *queue[T]) reserve(n int) int {
	for got := range n {
		select {
		case q.slots <- struct{}{}:
		default:
			return got
		}
	}
	return n
}

func (q *queue[T]) release(n int) {
	for range n {
		<-q.slots
	}
}

// start works on tasks whose slots are taken, and gives the slots back.
func (q *queue[T]) start(tasks []T) {
	for _, task := range tasks {
		q.running.Go(func() {
			defer q.release(1)
			q.work(context.Background(), task)
		})
	}
}

// wakeUp says that the table has work now.
func (q *queue[T]) wakeUp() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// run claims what is due until ctx ends, and returns when all that runs has ended.
func (q *queue[T]) run(ctx context.Context) error {
	defer q.running.Wait()
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		more, err := q.take(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			q.log.Warn().Err(err).Msg("what is due waits for the next sweep")
		} else if more {
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-q.wake:
		case <-tick.C:
		}
	}
}

// take waits for a slot, fills those that are free, and says whether there may be more to do.
func (q *queue[T]) take(ctx context.Context) (more bool, err error) {
	select {
	case <-ctx.Done():
		return false, nil
	case q.slots <- struct{}{}:
	}
	slots := 1 + q.reserve(cap(q.slots)-1)
	ctx, cancel := context.WithTimeout(ctx, databaseTime)
	defer cancel()
	tasks, err := q.claim(ctx, slots)
	q.release(slots - len(tasks))
	q.start(tasks)
	return len(tasks) == slots, err
}
