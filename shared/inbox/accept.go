package inbox

import (
	_ "embed"
	"slices"

	"github.com/jackc/pgx/v5"
)

//go:embed schema/1_tables.sql
var tables string

//go:embed schema/2_tries.sql
var tries string

// Schema makes the tables inbox and parked, step by step. Each step stands in a migration of each service.
var Schema = []string{tables, tries}

const accept = `
insert into inbox (consumer, message_id)
select $1, id from unnest($2::uuid[]) as new (id)
where not exists (
  select from parked where consumer = $1 and message_id = new.id and status in ('dead', 'dropped'))
on conflict do nothing
returning message_id::text`

// Accept queues the record that consumer has handled these messages; without ids it queues nothing. When the batch has run,
// into holds the ids that are new: the others have had their effect, or are dead or dropped, so that another copy must have
// none. Another transaction that records one of them now is waited for.
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

// IDs returns the message ids of changes, for Accept. A change without one, such as a command, came with no message.
func IDs[C any](changes []C, messageID func(C) string) []string {
	var ids []string
	for _, c := range changes {
		if id := messageID(c); id != "" {
			ids = append(ids, id)
		}
	}
	return ids
}

// Unseen leaves out the changes whose message has had its effect, before or earlier among these. fresh is what Accept found.
func Unseen[C any](changes []C, fresh map[string]bool, messageID func(C) string) []C {
	out, done := make([]C, 0, len(changes)), make(map[string]bool, len(changes))
	for _, c := range changes {
		id := messageID(c)
		if id != "" && (!fresh[id] || done[id]) {
			continue
		}
		done[id] = true
		out = append(out, c)
	}
	return out
}
