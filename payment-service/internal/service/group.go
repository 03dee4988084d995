package service

import "context"

// group saves what many goroutines bring in sets of what is there, because a transaction costs the same for one or fifty.
type group[T any] struct {
	in    chan member[T]
	size  int
	write func(ctx context.Context, set []T) []error // one for each, or none when all went well; it bounds its own time
}

type member[T any] struct {
	value T
	done  chan error
}

func newGroup[T any](size int, write func(context.Context, []T) []error) *group[T] {
	return &group[T]{in: make(chan member[T]), size: size, write: write}
}

// do returns when the value's set was written. When ctx ends before the value is in a set, it is in none.
func (g *group[T]) do(ctx context.Context, value T) error {
	m := member[T]{value: value, done: make(chan error, 1)}
	select {
	case g.in <- m:
		return <-m.done
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run writes until ctx ends.
func (g *group[T]) run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case first := <-g.in:
			g.save(context.WithoutCancel(ctx), g.gather(first))
		}
	}
}

func (g *group[T]) gather(first member[T]) []member[T] {
	set := []member[T]{first}
	for len(set) < g.size {
		select {
		case m := <-g.in:
			set = append(set, m)
		default:
			return set
		}
	}
	return set
}

func (g *group[T]) save(ctx context.Context, set []member[T]) {
	values := make([]T, len(set))
	for i, m := range set {
		values[i] = m.value
	}
	failures := g.write(ctx, values)
	for i, m := range set {
		if failures == nil {
			m.done <- nil
		} else {
			m.done <- failures[i]
		}
	}
}
