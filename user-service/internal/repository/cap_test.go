package repository_test

import (
	"crypto/sha256"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/user-service/internal/domain"
)

func (s store) open(t *testing.T, userID, network string) (domain.SignedIn, error) {
	t.Helper()
	id := newID()
	hash := sha256.Sum256([]byte(id))
	return s.sessions.Open(t.Context(), userID, passwordHash, domain.SignIn{SessionID: id, RefreshHash: hash[:], Address: network})
}

// Twenty more sign-ins at once, over the cap, and somebody else who is not concerned.
func TestSessions_OfOneUserAreCappedAndTheLeastUsedEnds(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	ann, first := s.create(t)
	bob, _ := s.create(t)
	for range domain.MaxSessions - 1 {
		opened, err := s.open(t, ann, "home")
		require.NoError(t, err)
		require.Empty(t, opened.Ended)
	}
	var second string
	require.NoError(t, s.pool.QueryRow(t.Context(), `SELECT id FROM sessions WHERE user_id = $1 AND id <> $2 ORDER BY id LIMIT 1`, ann, first).Scan(&second))
	_, err := s.pool.Exec(t.Context(), `UPDATE sessions SET rotated_at = clock_timestamp() WHERE id = $1`, first) // the oldest, but in use
	require.NoError(t, err)

	opened, err := s.open(t, ann, "hotel")
	require.NoError(t, err)
	require.Len(t, opened.Ended, 1)
	require.Equal(t, second, opened.Ended[0].ID)
	require.Equal(t, 1, s.count(t, `SELECT count(*) FROM audit_log WHERE user_id = $1 AND actor_id = $1 AND action = 'session_ended'
		AND reason = 'too_many_sessions' AND session_id = $2 AND network = 'hotel'`, ann, second))

	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			opened, err := s.open(t, ann, "home")
			if err != nil || len(opened.Ended) != 1 {
				t.Errorf("%d ended, %v", len(opened.Ended), err)
			}
		})
	}
	wg.Wait()
	const live = `SELECT count(*) FROM sessions WHERE user_id = $1 AND revoked_at IS NULL`
	require.Equal(t, domain.MaxSessions, s.count(t, live, ann))
	require.Equal(t, 1, s.count(t, live, bob))
	require.Equal(t, 1, s.count(t, live+` AND id = $2`, ann, first))
}

func (s store) count(t *testing.T, sql string, args ...any) (n int) {
	t.Helper()
	require.NoError(t, s.pool.QueryRow(t.Context(), sql, args...).Scan(&n))
	return n
}
