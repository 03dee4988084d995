package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/shared/postgres"
)

// Change locks an intent, lets decide make of it what it will, and writes the outcome. An error from decide undoes everything,
// the claim on the key too. ErrKeyTaken means that decide was not asked.
func (s *Store) Change(ctx context.Context, intentID string, key *Key, decide func(processor.Intent) (Write, error)) error {
	var intents []processor.Intent
	var charges []processor.Charge
	return s.change(ctx, key, func(b *pgx.Batch) {
		lockIntent(b, intentID, &intents, &charges)
	}, func() (Write, error) {
		attach(intents, charges)
		if len(intents) == 0 {
			return Write{}, ErrNotFound
		}
		return decide(intents[0])
	})
}

// ChangeRefund is Change for a refund and the intent that it belongs to.
func (s *Store) ChangeRefund(
	ctx context.Context, refundID, intentID string, decide func(processor.Intent, processor.Refund) (Write, error),
) error {
	var intents []processor.Intent
	var charges []processor.Charge
	var refunds []processor.Refund
	return s.change(ctx, nil, func(b *pgx.Batch) {
		lockIntent(b, intentID, &intents, &charges)
		collect(b.Queue(selectRefunds+` WHERE id = $1`, refundID), &refunds)
	}, func() (Write, error) {
		attach(intents, charges)
		if len(intents) == 0 || len(refunds) == 0 {
			return Write{}, ErrNotFound
		}
		return decide(intents[0], refunds[0])
	})
}

// lockIntent reads the charge in a statement of its own: after a wait for the lock, a join would still show the charge as it
// was before, and a parallel refund would be forgotten.
func lockIntent(b *pgx.Batch, id string, intents *[]processor.Intent, charges *[]processor.Charge) {
	collect(b.Queue(selectIntents+` WHERE id = $1 FOR NO KEY UPDATE`, id), intents)
	collect(b.Queue(selectCharges+` WHERE id = (SELECT charge_id FROM intents WHERE id = $1)`, id), charges)
}

func (s *Store) change(ctx context.Context, key *Key, read func(*pgx.Batch), decide func() (Write, error)) error {
	won := map[string]bool{}
	var write Write
	err := postgres.InBatches(ctx, s.pool, func(b *pgx.Batch) {
		if key != nil {
			claimKeys(b, []Write{{Key: key}}, s.retention, won)
		}
		read(b)
	}, func(b *pgx.Batch) (err error) {
		if key != nil && !won[key.Key] {
			return ErrKeyTaken
		}
		if write, err = decide(); err != nil {
			return err
		}
		write.Key = key
		keepReply(b, write)
		queueWrites(b, []Write{write})
		return nil
	})
	if err == nil {
		s.announce(write.Events)
	}
	return err
}
