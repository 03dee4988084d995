package repository_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
	"marketplace/user-service/internal/repository"
)

// What was noted leaves its entry in the index under a long snapshot.
func TestPlans_AChunkOfLooksDoesNotDependOnHowManyWereNoted(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	testkit.Fill(t, s.pool, `insert into users (id, email, name, password_hash, roles, status, version, created_at)
		select gen_random_uuid(), 'user' || n || '@example.com', 'Ann', '$argon2id$', '{customer}', 'active', 1, now() from generate_series(1, 10000) n`,
		`analyze users`, `analyze looks_due`)
	testkit.Snapshot(t, s.pool)
	chunk := func(after string) int { return testkit.Buffers(t, s.pool, repository.SelectDue, after, 100) }
	first, last := chunk(beginning), beginning
	for range 50 {
		ids, err := s.users.NoteLooks(t.Context(), last, 100)
		require.NoError(t, err)
		require.Len(t, ids, 100)
		last = ids[99]
	}
	later, again := chunk(last), chunk(beginning)
	t.Logf("a chunk touches %d pages, the fifty-first %d, and %d if it begins where the first did", first, later, again)
	require.Less(t, later, first+300)
	require.Greater(t, again, first+1000, "the test can fail")
}

// What is deleted leaves its entry in the index, too.
func TestPlans_AChunkOfWhatHasEndedDoesNotDependOnHowMuchWasDeleted(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	id, _ := s.create(t)
	testkit.Fill(t, s.pool, `insert into sessions (id, user_id, generation, refresh_hash, created_at, rotated_at, expires_at, revoked_at, revoke_reason, user_agent, address)
		select gen_random_uuid(), '`+id+`', 1, sha256(n::text::bytea), at - interval '20 days', at - interval '20 days', case when n % 2 = 0 then at else now() end,
			case when n % 2 = 1 then at end, case when n % 2 = 1 then 'logout' end, '', ''
		from (select n, now() - interval '10 days' + n * interval '1 second' as at from generate_series(1, 20000) n) made`,
		`insert into audit_log (action, reason, network, created_at)
		select 'sign_in_failed', 'password', '', now() - interval '100 days' + n * interval '1 second' from generate_series(1, 10000) n`,
		`analyze sessions`, `analyze audit_log`)
	testkit.Snapshot(t, s.pool)
	for sql, remove := range map[string]func(context.Context, time.Time, int) (*time.Time, error){
		repository.DeleteExpired: s.sessions.DeleteExpired, repository.DeleteRevoked: s.sessions.DeleteRevoked, repository.DeleteFailed: repository.NewAudit(s.pool).DeleteFailed,
	} {
		var beginning time.Time
		chunk := func(after time.Time) int { return testkit.Buffers(t, s.pool, sql, after, 100) }
		first, after := chunk(beginning), beginning
		for range 90 {
			last, err := remove(t.Context(), after, 100)
			require.NoError(t, err)
			require.NotNil(t, last)
			after = *last
		}
		later, again := chunk(after), chunk(beginning)
		t.Logf("a chunk touches %d pages, the ninety-first %d, and %d if it begins where the first did", first, later, again)
		require.Less(t, later, first+50)
		require.Greater(t, again, later+50, "the test can fail")
	}
}
