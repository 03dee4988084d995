package failpoint

import "slices"

// names lists every point there is, so that a test can go through all of them. Point refuses any other name.
var names = []string{
	"inbox.after_attempt",
	"inbox.after_commit",
	"order.after_commit",
	"order.before_commit",
	"outbox.after_publish",
	"outbox.before_publish",
	"payment.after_call",
	"payment.after_mark",
	"payment.before_result",
	"warehouse.after_commit",
	"warehouse.before_commit",
}

// Names returns all points, sorted.
func Names() []string { return slices.Clone(names) }
