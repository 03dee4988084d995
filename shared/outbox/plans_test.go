package outbox_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/outbox"
	"marketplace/shared/testkit"
)

// A service that has been busy for weeks: hundreds of thousands of events that were sent, a part of them old enough to be deleted, and under a
// long snapshot what was sent stays in the index of what is not, and what is deleted in that of the ids.
func TestPlans_NoStatementDependsOnHowMuchWasSent(t *testing.T) {
	t.Parallel()
	db := database(t)
	const insert = `insert into outbox (id, type, subject, body, headers, occurred_at, retry_at, sent_at) select `
	testkit.Fill(t, db.Pool,
		insert+`(lpad(to_hex(n), 12, '0') || '70008000000000000000')::uuid, 't', 's', '', '{}', now(), now() - interval '8 days', now() from generate_series(1, 60000) n`,
		insert+`gen_random_uuid(), 't', 's', '', '{}', now(), now() - interval '1 hour', null from generate_series(1, 150000)`,
		`analyze outbox`)
	testkit.Snapshot(t, db.Pool)
	testkit.Fill(t, db.Pool, `update outbox set sent_at = now() where sent_at is null`)
	var ids []string
	for _, r := range commit(t, db.Pool, 10) {
		ids = append(ids, r.ID)
	}
	due(t, db.Pool)

	const pages = 200 // the table has thousands
	require.Less(t, testkit.Buffers(t, db.Pool, outbox.MarkRows, ids), pages)
	require.Less(t, testkit.Buffers(t, db.Pool, outbox.Claim, time.Minute, 500), pages)
	require.Greater(t, testkit.Buffers(t, db.Pool, outbox.Claim, 100*24*time.Hour, 500), pages, "what only a full sweep walks over")

	beginning := uuid.Nil.String()
	first := testkit.Buffers(t, db.Pool, outbox.Expired, beginning)
	last := beginning
	for range 20 {
		require.NoError(t, db.Pool.QueryRow(t.Context(), outbox.Expired, last).Scan(&last))
	}
	later, again := testkit.Buffers(t, db.Pool, outbox.Expired, last), testkit.Buffers(t, db.Pool, outbox.Expired, beginning)
	t.Logf("a chunk touches %d pages, the twenty-first %d, and %d if it begins where the first did", first, later, again)
	require.Less(t, later, first+100)
	require.Greater(t, again, first+100, "the test can fail")
}
