package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"marketplace/shared/postgres"
)

const (
	writers   = 4  // transactions under way at once
	groupSize = 64 // requests in one of them, at most
	// A group that takes longer than this failed: its requests are answered as uncertain.
	groupDeadline = 10 * time.Second
)

type pending struct {
	write Write
	done  chan error // of capacity one: a writer never waits for a caller that left
}

// Create writes a request that needs to see nothing first. ErrKeyTaken means that it had no effect.
func (s *Store) Create(ctx context.Context, w Write) error {
	p := &pending{write: w, done: make(chan error, 1)}
	select {
	case s.queue <- p:
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-p.done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Run writes what Create is given until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	var g errgroup.Group
	for range min(writers, int(s.pool.Config().MaxConns)) {
		g.Go(func() error {
			s.writeGroups(ctx)
			return nil
		})
	}
	return g.Wait()
}

// writeGroups takes what is there, never waiting for more: under light load a group is one request.
func (s *Store) writeGroups(ctx context.Context) {
	for {
		var group []*pending
		select {
		case p := <-s.queue:
			group = append(group, p)
		case <-ctx.Done():
			return
		}
		for more := true; more && len(group) < groupSize; {
			select {
			case p := <-s.queue:
				group = append(group, p)
			default:
				more = false
			}
		}
		s.writeGroup(context.WithoutCancel(ctx), group)
	}
}

func (s *Store) writeGroup(ctx context.Context, group []*pending) {
	ctx, cancel := context.WithTimeout(ctx, groupDeadline)
	defer cancel()
	// Keys in one order everywhere, so that two processes given the same ones cannot deadlock.
	slices.SortFunc(group, func(a, b *pending) int { return cmp.Compare(keyOf(a), keyOf(b)) })
	won, err := s.insertGroup(ctx, group)
	for _, p := range group {
		switch {
		case err != nil:
			p.done <- err
		case p.write.Key != nil && !won[p.write.Key.Key]:
			p.done <- ErrKeyTaken
		default:
			s.announce(p.write.Events)
			p.done <- nil
		}
	}
}

// insertGroup returns the keys that were free. Only their requests, and those without a key, take effect.
func (s *Store) insertGroup(ctx context.Context, group []*pending) (won map[string]bool, err error) {
	var keyed []Write
	for _, p := range group {
		if p.write.Key != nil {
			keyed = append(keyed, p.write)
		}
	}
	won = map[string]bool{}
	err = postgres.InBatches(ctx, s.pool, func(b *pgx.Batch) {
		claimKeys(b, keyed, s.retention, won)
	}, func(b *pgx.Batch) error {
		var writes []Write
		for _, p := range group {
			if p.write.Key == nil || won[p.write.Key.Key] {
				writes = append(writes, p.write)
			}
		}
		queueWrites(b, writes)
		return nil
	})
	return won, err
}

func keyOf(p *pending) string {
	if p.write.Key == nil {
		return ""
	}
	return p.write.Key.Key
}

func (s *Store) announce(events []Event) {
	if len(events) > 0 && s.committed != nil {
		s.committed(events)
	}
}
