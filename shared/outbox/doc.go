// Package outbox publishes what was committed, and nothing else, at least once.
//
// Events are rows, written in the transaction of the work that they report: NewRecord, Append. After the commit the
// process gives the records that it still has in memory to its Publisher (Committed), which sends them at once, in windows
// of publisher confirms, and marks them sent in groups.
//
//	commit ─> Committed ─> queue in memory ─> broker ─> confirmed ─> sent_at
//	   └─────> row, retry_at = +5 s ─> any replica's sweep ──┘
//
// Whatever that misses, because the process died, the broker was away or the queue was full, is found by the sweep of any
// replica: rows that are not sent and whose retry_at has passed, with SKIP LOCKED, moving retry_at on. Rows are selected by
// their state, never by a cursor over ids: a row with a lower id may commit later. There is no leader, and no order is promised.
package outbox
