package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// ErrGrace means that a part was still running when the time for stopping was over.
var ErrGrace = errors.New("did not stop in time")

// Group is the running parts of a process. Go, OnStop and Wait are for one goroutine.
type Group struct {
	ctx      context.Context
	log      zerolog.Logger
	grace    func() time.Duration
	parts    []part
	failing  sync.Once
	failed   chan struct{} // closed when first is set
	first    error
	stopping sync.Once
}

// part is stopped by one call; the context carries the deadline.
type part struct {
	name string
	stop func(ctx context.Context) error
}

// New returns an empty group. When ctx ends, Wait stops the parts within the grace of that moment.
func New(ctx context.Context, log zerolog.Logger, grace func() time.Duration) *Group {
	return &Group{ctx: ctx, log: log, grace: grace, failed: make(chan struct{})}
}

// Go starts a part. Its context keeps the values of the group's, but ends only at its turn in the stop. An error that it returns
// earlier stops the whole group; returning nil early means that it has nothing more to do.
func (g *Group) Go(name string, run func(ctx context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(g.ctx))
	ended := make(chan error, 1)
	go func() {
		err := run(ctx)
		if err != nil && ctx.Err() == nil {
			g.fail(fmt.Errorf("%s: %w", name, err))
		}
		ended <- err
	}()
	g.parts = append(g.parts, part{name: name, stop: func(deadline context.Context) error {
		cancel()
		select {
		case err := <-ended:
			if errors.Is(err, context.Canceled) {
				return nil // the usual way to say "I was told to stop"
			}
			return err
		case <-deadline.Done():
			return ErrGrace
		}
	}})
}

// OnStop adds something that does not run but must be closed at its turn.
func (g *Group) OnStop(name string, stop func(ctx context.Context) error) {
	g.parts = append(g.parts, part{name: name, stop: stop})
}

// Wait returns when the group's context has ended or a part has failed, and everything has stopped. It returns the first failure.
func (g *Group) Wait() error {
	select {
	case <-g.ctx.Done():
		g.log.Info().Dur("grace_ms", g.grace()).Msg("stopping")
	case <-g.failed:
		g.log.Error().Err(g.first).Msg("a part failed: stopping")
	}
	return g.Stop()
}

// Stop stops the parts in reverse order and returns the first failure. A second call does nothing and returns the same.
func (g *Group) Stop() error {
	g.stopping.Do(g.stop)
	select {
	case <-g.failed:
		return g.first
	default:
		return nil
	}
}

func (g *Group) stop() {
	deadline, cancel := context.WithTimeout(context.WithoutCancel(g.ctx), g.grace())
	defer cancel()
	for i := len(g.parts) - 1; i >= 0; i-- {
		p := g.parts[i]
		if err := p.stop(deadline); err != nil {
			g.log.Error().Err(err).Str("part", p.name).Msg("stopping a part failed")
			g.fail(fmt.Errorf("stopping %s: %w", p.name, err))
		}
	}
}

// fail keeps the first failure.
func (g *Group) fail(err error) {
	g.failing.Do(func() {
		g.first = err
		close(g.failed)
	})
}
