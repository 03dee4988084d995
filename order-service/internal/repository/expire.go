package repository

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"marketplace/order-service/internal/domain"
	"marketplace/shared/postgres"
)

const lockOverdue = `
select ` + orderColumns + ` from orders
where status in ('pending', 'reserved') and deadline_at <= now() and deadline_at >= $2
order by deadline_at limit $1
for no key update skip locked`

var errNoneOverdue = errors.New("no order is overdue")

// Expire tells up to limit orders that their deadline has passed, of those that were due at from or later, those first that are
// overdue longest. Under a long snapshot, index entries of orders that were decided long ago cannot be removed; from is where to
// begin behind them. Orders that somebody
// else is changing are skipped: they are decided there, or found the next time. So any number of replicas may call it at once.
func (r *Orders) Expire(ctx context.Context, from time.Time, limit int, decide Decide) ([]domain.Outcome, error) {
	w := newWork(decide)
	err := postgres.InBatches(ctx, r.pool,
		func(b *pgx.Batch) { w.lock(b, lockOverdue, limit, from) },
		func(b *pgx.Batch) error {
			if len(w.orders) == 0 {
				return errNoneOverdue
			}
			changes := make([]domain.Change, 0, len(w.orders))
			for id := range w.orders {
				changes = append(changes, domain.Change{OrderID: id, Input: domain.DeadlinePassed{}, Source: domain.SourceDeadline})
			}
			if err := w.fold(changes); err != nil {
				return err
			}
			return w.save(b)
		})
	if errors.Is(err, errNoneOverdue) {
		return nil, nil
	}
	return r.finish(w, err)
}
