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

// Ended deletes rows that nobody asks about any more, up to limit at once.
type Ended interface {
	DeleteEnded(ctx context.Context, limit int) (int64, error)
}

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

// Clean deletes old rows of each table, until ctx ends.
func Clean(ctx context.Context, log zerolog.Logger, tables ...Ended) error {
	return every(ctx, cleanEvery, log, "old rows cannot be deleted", func(ctx context.Context) error {
		for _, table := range tables {
			if err := clean(ctx, table); err != nil {
				return err
			}
		}
		return nil
	})
}

func clean(ctx context.Context, table Ended) error {
	for {
		n, err := table.DeleteEnded(ctx, cleanChunk)
		if n < cleanChunk || err != nil {
			return err
		}
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
