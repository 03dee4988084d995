// Package postgres is the one way to the database: a pool (Open), transactions (InBatches, InTx), migrations (Migrate)
// and the meaning of the driver's errors (Translate).
//
// # A transaction in two round trips
//
// Sending statements one by one costs a round trip each while rows are locked. InBatches sends a transaction as two
// pipelines: begin with all reads, then all writes with commit. Between them the caller decides, in plain Go:
//
//	err := postgres.InBatches(ctx, pool,
//		func(b *pgx.Batch) { b.Queue(selectForUpdate, ids).Query(collect) },
//		func(b *pgx.Batch) error {
//			states, err := decide(rows) // an error rolls back and comes back as it is
//			b.Queue(updateStates, states)
//			return err
//		})
//
// # When nobody knows
//
// A connection that breaks after COMMIT was sent leaves its outcome open: ErrCommitUnknown. A blind retry could then do
// the work twice, so the caller reads again by its key. Every other error means that nothing was committed.
package postgres
