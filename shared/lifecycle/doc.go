// Package lifecycle starts a process and stops it in an orderly way.
//
// Main turns signals into a cancelled context. A Group holds the parts that run (listeners, consumers, sweepers) in
// the order in which they were started, which is the order of dependence; it stops them in reverse, each at its
// turn, so that what is still needed still runs: first the process leaves Consul, then its servers drain, then the
// consumers end, the outbox is flushed, and last the database is closed. The whole has one deadline.
//
//	group := lifecycle.New(ctx, log, grace)
//	defer group.Stop() // a start that fails half way stops what runs already
//	group.OnStop("database", postgres.Close(pool))
//	group.Go("http", func(ctx context.Context) error { return server.Serve(ctx, addr) })
//	return group.Wait()
package lifecycle
