package service

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"marketplace/user-service/internal/domain"
)

const (
	// reconcileEvery is how long Redis may lack a revocation after it was lost.
	reconcileEvery = 5 * time.Second
	// remembered is how far back a revocation can matter: the life of the last
	// token that it voids, and a minute for clocks that differ.
	remembered = domain.AccessLifetime + time.Minute

	cleanEvery = time.Hour
	cleanChunk = 1000
)

// Revoked lists revocations at or after a time.
type Revoked interface {
	Revoked(ctx context.Context, since time.Time) ([]domain.Revocation, error)
}

// DeleteEnded deletes up to limit rows that nobody asks about any more, the oldest first and none from before a time. It returns the time
// of the last one, nil if there was none.
type DeleteEnded = func(ctx context.Context, after time.Time, limit int) (last *time.Time, err error)

// Revocations repeats to Redis what the database says, so that Redis may lose
// everything or miss an announcement: the database is the truth.
type Revocations struct {
	Sessions  Revoked
	Users     Revoked
	Announcer Announcer
	Now       func() time.Time
	Log       zerolog.Logger
}

// Run reconciles until ctx ends.
func (r *Revocations) Run(ctx context.Context) error {
	return every(ctx, reconcileEvery, r.Log, "revocations cannot be repeated to Redis", r.Reconcile)
}

// Reconcile tells Redis all that still matters.
func (r *Revocations) Reconcile(ctx context.Context) error {
	since := r.Now().Add(-remembered)
	sessions, err := r.Sessions.Revoked(ctx, since)
	if err != nil {
		return fmt.Errorf("list revoked sessions: %w", err)
	}
	users, err := r.Users.Revoked(ctx, since)
	if err != nil {
		return fmt.Errorf("list revoked users: %w", err)
	}
	return r.Announcer.Announce(ctx, sessions, users)
}

// Clean deletes old rows of each kind, until ctx ends.
func Clean(ctx context.Context, log zerolog.Logger, kinds ...DeleteEnded) error {
	return every(ctx, cleanEvery, log, "old rows cannot be deleted", func(ctx context.Context) error {
		for _, kind := range kinds {
			if err := clean(ctx, kind); err != nil {
				return err
			}
		}
		return nil
	})
}

// clean begins each chunk where the one before ended: under a long snapshot, what that deleted is still in the index, and each chunk would
// walk over all chunks before it.
func clean(ctx context.Context, kind DeleteEnded) error {
	for after := (time.Time{}); ; {
		last, err := kind(ctx, after, cleanChunk)
		if err != nil || last == nil {
			return err
		}
		after = *last
	}
}

// every does something now and again and again; a failure is logged when it begins.
func every(ctx context.Context, pause time.Duration, log zerolog.Logger, trouble string, do func(context.Context) error) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	failing := false
	for {
		err := do(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			log.Warn().Err(err).Msg(trouble + "; trying again")
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
