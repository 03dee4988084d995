package service

import (
	"context"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"marketplace/user-service/internal/domain"
)

// Looks notes what addresses look like of which it is not known, and finds accounts that the guard would have refused if it had been known.
type Looks interface {
	NoteLooks(ctx context.Context, after string, limit int) (ids []string, err error)
	Doubles(ctx context.Context, ids []string) ([]domain.Double, error)
}

// NoteLooks fills in what addresses look like, until ctx ends: of accounts from before this was known, of those that older replicas make, and of
// addresses that an operator changed. The guard saw none of them, so that a double of somebody of the staff is reported.
func NoteLooks(ctx context.Context, log zerolog.Logger, users Looks) error {
	return every(ctx, cleanEvery, log, "what addresses look like cannot be noted", func(ctx context.Context) error {
		for after := uuid.Nil.String(); ; {
			ids, err := users.NoteLooks(ctx, after, cleanChunk)
			if len(ids) == 0 || err != nil {
				return err
			}
			// After the commit: of two replicas that note the two accounts of a pair, the later one sees both.
			doubles, err := users.Doubles(ctx, ids)
			if err != nil {
				return err
			}
			for _, d := range doubles {
				log.Error().Strs("user_ids", []string{d.A, d.B}).
					Msg("two active accounts have addresses that look alike, and one is of the staff: an admin has to block the other one")
			}
			after = ids[len(ids)-1]
		}
	})
}
