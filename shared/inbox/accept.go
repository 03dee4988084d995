package inbox

import (
	_ "embed"
	"slices"

	"github.com/jackc/pgx/v5"
)

// Schema creates the tables inbox and parked; each service's first migration has it.
//
//go:embed schema.sql
var Schema string

const accept = `
insert into inbox (consumer, message_id)
select $1, id from unnest($2::uuid[]) as new (id)
on conflict do nothing
returning message_id::text`

// Accept queues the record that consumer has handled these messages; without ids it queues nothing. When the batch has run,
// into holds the ids that are new: the others have had their effect. Another transaction that records one of them now is
// waited for.
//
// The ids are sorted, because two batches that insert the same ids in opposite order would deadlock.
func Accept(b *pgx.Batch, consumer string, ids []string, into *map[string]bool) {
	*into = make(map[string]bool, len(ids))
	if len(ids) == 0 {
		return
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(ids)))
	b.Queue(accept, consumer, sorted).Query(func(rows pgx.Rows) error {
		fresh, err := pgx.CollectRows(rows, pgx.RowTo[string])
		for _, id := range fresh {
			(*into)[id] = true
		}
		return err
	})
}
