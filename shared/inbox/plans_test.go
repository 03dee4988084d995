package inbox_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/inbox"
	"marketplace/shared/testkit"
)

// What is done stays in the table for a week, and what is settled under a long snapshot stays in the indexes. No statement that runs
// all the time reads either.
func TestStatements_ReadNoHistory(t *testing.T) {
	t.Parallel()
	db := database(t)
	fill := func(status, age string) string {
		return `insert into parked (consumer, message_id, type, source, subject, body, headers, attempts, reason, status, next_at)
			select '` + queue + `', gen_random_uuid(), 't', 's', 's', '', '{}', 1, '', '` + status + `', now() - ` + age + `
			from generate_series(1, 30000) n`
	}
	testkit.Fill(t, db.Pool, fill("done", "interval '1 day'"))
	testkit.Fill(t, db.Pool, `analyze parked`)
	const pages = 100 // the table has thousands
	history := func(sql string, args ...any) {
		t.Helper()
		require.Less(t, testkit.Buffers(t, db.Pool, sql, args...), pages, sql)
	}
	history(inbox.CountParked, queue)
	history(inbox.ListParked, queue)
	require.Greater(t, testkit.Buffers(t, db.Pool, `select count(*) from parked where status in ('waiting', 'dead')`), pages, "the test can fail")

	testkit.Fill(t, db.Pool, fill("waiting", "interval '1 hour'"), `analyze parked`)
	testkit.Snapshot(t, db.Pool)
	testkit.Fill(t, db.Pool, `update parked set status = 'done' where status = 'waiting'`)
	history(inbox.Claim, queue, time.Second, time.Now().Add(-time.Minute))
	require.Greater(t, testkit.Buffers(t, db.Pool, inbox.Claim, queue, time.Second, time.Time{}), pages, "what only a full look walks over")
}

// A queue that has been busy for weeks: hundreds of thousands of messages that were handled, a part of them old enough to be deleted, and
// what is deleted stays in the indexes under a long snapshot.
func TestPlans_WhatIsAcceptedAndDeletedDoesNotDependOnHowMuchThereIs(t *testing.T) {
	t.Parallel()
	db := database(t)
	const old = `(lpad(to_hex(n), 12, '0') || '70008000000000000000')::uuid` // of 1970
	testkit.Fill(t, db.Pool,
		`insert into inbox (consumer, message_id, received_at) select '`+queue+`', `+old+`, now() - interval '8 days' from generate_series(1, 60000) n`,
		`insert into inbox (consumer, message_id) select '`+queue+`', gen_random_uuid() from generate_series(1, 200000)`,
		`insert into parked (consumer, message_id, type, source, subject, body, headers, attempts, reason, status, parked_at)
			select '`+queue+`', `+old+`, 't', 's', 's', '', '{}', 1, '', 'done', now() - interval '8 days' from generate_series(1, 30000) n`,
		`analyze inbox`, `analyze parked`)
	testkit.Snapshot(t, db.Pool)
	ids := make([]string, 10)
	for i := range ids {
		ids[i] = uuid.NewString()
	}
	require.Less(t, testkit.Buffers(t, db.Pool, inbox.AcceptRows, queue, ids), 200)
	for _, statement := range []string{inbox.ExpiredInbox, inbox.ExpiredParked} {
		beginning := uuid.Nil.String()
		first := testkit.Buffers(t, db.Pool, statement, queue, beginning)
		last := beginning
		for range 20 {
			require.NoError(t, db.Pool.QueryRow(t.Context(), statement, queue, last).Scan(&last))
		}
		later := testkit.Buffers(t, db.Pool, statement, queue, last)
		t.Logf("a chunk touches %d pages, the twenty-first %d, and %d if it begins where the first did", first, later,
			testkit.Buffers(t, db.Pool, statement, queue, beginning))
		require.Less(t, later, first+100)
		require.Greater(t, testkit.Buffers(t, db.Pool, statement, queue, beginning), first+100, "the test can fail")
	}
}

func TestInbox_AFullLookFindsWhatBecameDueLongAgo(t *testing.T) {
	t.Parallel()
	db := database(t)
	w := newWork(db.Pool)
	c := consumer(db.Pool, w)
	m := messages("a", "b")
	require.NoError(t, c.Batch(t.Context(), redelivered(m[:1])))
	run(t, c.Run)
	awaitStatus(t, db.Pool, m[0].ID, "done")
	_, err := db.Pool.Exec(t.Context(), `
		insert into parked (consumer, message_id, type, source, subject, body, headers, attempts, reason, next_at)
		values ($1, $2, 'thing.made', 's', 's', 'b', '{}', 0, 'test', now() - interval '1 hour')`, queue, m[1].ID)
	require.NoError(t, err)
	testkit.Eventually(t, 3*time.Minute, func() bool { return parked(t, db.Pool, m[1].ID).Status == "done" }) // ten seconds, if nothing is slow
}
