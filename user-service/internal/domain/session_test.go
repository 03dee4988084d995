package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"marketplace/user-service/internal/domain"
)

func TestRefresh_P37_PredecessorReplaysWithinTheGraceOnly(t *testing.T) {
	first := domain.NewSession("s", "u", "", "", now)
	second, outcome, err := first.Refresh(1, now)
	require.NoError(t, err)
	require.Equal(t, domain.Rotated, outcome)
	require.Equal(t, 2, second.Generation)

	replayed, outcome, err := second.Refresh(1, now.Add(domain.RefreshGrace-time.Nanosecond))
	require.NoError(t, err)
	require.Equal(t, domain.Replayed, outcome)
	require.Equal(t, second, replayed, "a replay changes nothing")

	revoked, outcome, err := second.Refresh(1, now.Add(domain.RefreshGrace))
	require.NoError(t, err)
	require.Equal(t, domain.Reused, outcome)
	require.Equal(t, domain.RevokedReuse, *revoked.RevokeReason)

	_, _, err = revoked.Refresh(2, now.Add(domain.RefreshGrace))
	require.ErrorIs(t, err, domain.ErrSessionEnded, "the honest holder is signed out as well")
}

func TestRefresh_P37_GraceClosesWhenTheSuccessorIsUsed(t *testing.T) {
	s := domain.NewSession("s", "u", "", "", now)
	s, _, _ = s.Refresh(1, now)
	s, _, _ = s.Refresh(2, now.Add(time.Second))
	_, outcome, err := s.Refresh(1, now.Add(2*time.Second))
	require.NoError(t, err)
	require.Equal(t, domain.Reused, outcome)
}

func TestRefresh_EndsWithItsLifetime(t *testing.T) {
	s := domain.NewSession("s", "u", "", "", now)
	_, _, err := s.Refresh(1, now.Add(domain.RefreshLifetime))
	require.ErrorIs(t, err, domain.ErrSessionEnded)
	_, _, err = s.Refresh(2, now)
	require.ErrorIs(t, err, domain.ErrSessionEnded, "a generation from the future")
}

func TestRevoke_KeepsTheFirstReason(t *testing.T) {
	s := domain.NewSession("s", "u", "", "", now).Revoke(domain.RevokedLogout, now)
	require.Equal(t, s, s.Revoke(domain.RevokedBlocked, now.Add(time.Hour)))
}

// Whatever is presented and whenever: one token at most is good outside the
// grace window, and nothing revives a revoked family (invariant 15).
func TestRefresh_P37_AnySequenceKeepsOneLiveToken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, at := domain.NewSession("s", "u", "", "", now), now
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			at = at.Add(time.Duration(rapid.IntRange(0, 20).Draw(t, "seconds")) * time.Second)
			presented := max(1, s.Generation-rapid.IntRange(0, 3).Draw(t, "age"))
			before := s
			next, outcome, err := s.Refresh(presented, at)
			switch {
			case before.RevokedAt != nil:
				require.ErrorIs(t, err, domain.ErrSessionEnded)
			case outcome == domain.Reused:
				require.Less(t, presented, before.Generation)
			case outcome == domain.Rotated:
				require.Equal(t, before.Generation, presented)
				require.Equal(t, before.Generation+1, next.Generation)
			}
			s = next
			require.LessOrEqual(t, live(s, at.Add(domain.RefreshGrace)), 1)
			require.LessOrEqual(t, live(s, at), 2)
		}
	})
}

func live(s domain.Session, at time.Time) int {
	n := 0
	for generation := 1; generation <= s.Generation; generation++ {
		if _, outcome, err := s.Refresh(generation, at); err == nil && outcome != domain.Reused {
			n++
		}
	}
	return n
}
