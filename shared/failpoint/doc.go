// Package failpoint kills the process at a named place, so that tests can show what a crash there leaves behind.
//
//	failpoint.Point("outbox.after_publish")
//
// In a normal build Point is empty and inlined away. Built with `-tags failpoints`, FAILPOINT=outbox.after_publish kills
// the process with SIGKILL at the first hit, FAILPOINT=outbox.after_publish:7 at the seventh: no deferred call runs and
// no buffer is flushed, as in a real crash.
package failpoint
