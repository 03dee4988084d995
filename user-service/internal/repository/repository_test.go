package repository_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/auth"
	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/repository"
	"marketplace/user-service/migrations"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const passwordHash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA"

type store struct {
	pool     *pgxpool.Pool
	users    *repository.Users
	sessions *repository.Sessions
}

func newStore(t *testing.T) store {
	t.Helper()
	db := testkit.Database(t, "user_service", migrations.Files)
	return store{pool: db.Pool, users: repository.NewUsers(db.Pool), sessions: repository.NewSessions(db.Pool)}
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// create makes a user with one session and returns both ids.
func (s store) create(t *testing.T, roles ...string) (userID, sessionID string) {
	t.Helper()
	roles, err := domain.ParseRoles(roles)
	require.NoError(t, err)
	userID, sessionID = newID(), newID()
	hash := sha256.Sum256([]byte(sessionID))
	_, err = s.users.Create(t.Context(), domain.User{
		ID: userID, Email: userID + "@example.com", Name: "Ann", Roles: roles, Status: domain.StatusActive, Version: 1,
	}, passwordHash, domain.SignIn{SessionID: sessionID, RefreshHash: hash[:]})
	require.NoError(t, err)
	return userID, sessionID
}

// The database itself refuses what would give a family a second live token.
func TestSessions_P37_TheDatabaseKeepsRotationStraight(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	_, id := s.create(t)
	_, other := s.create(t)
	refused := func(constraint, set string) {
		t.Helper()
		_, err := s.pool.Exec(t.Context(), `UPDATE sessions SET `+set+` WHERE id = $1`, id)
		require.Error(t, err, set)
		require.True(t, postgres.Violates(err, constraint), "%s: %v", set, err)
	}
	const another = `refresh_hash = sha256('x')`
	refused("sessions_rotation", another)                    // another token of the same generation
	refused("sessions_rotation", `generation = 2`)           // the same token as the next generation
	refused("sessions_rotation", `generation = 3, `+another) // a generation left out
	refused("sessions_rotation", `generation = 0, `+another) // back
	refused("sessions_rotation", `generation = 2, rotated_at = created_at - interval '1 s', `+another)
	refused("sessions_refresh_hash_key", fmt.Sprintf(`generation = 2, refresh_hash = (SELECT refresh_hash FROM sessions WHERE id = '%s')`, other))
	refused("sessions_revoked_for_a_reason", `revoked_at = now()`) // without a reason
	refused("sessions_revoke_reason_check", `revoked_at = now(), revoke_reason = 'because'`)

	_, err := s.pool.Exec(t.Context(), `UPDATE sessions SET generation = 2, rotated_at = now(), refresh_hash = sha256('y') WHERE id = $1`, id)
	require.NoError(t, err)
	_, err = s.pool.Exec(t.Context(), `UPDATE sessions SET revoked_at = now(), revoke_reason = 'logout' WHERE id = $1`, id)
	require.NoError(t, err)
	refused("sessions_revoked_stays", `revoked_at = NULL, revoke_reason = NULL`)
	refused("sessions_rotation", `generation = 3, `+another)
}

// Twenty requests present the current token at once: one rotates, the others see
// its successor.
func TestRefresh_P37_TwentyAtOnceRotateOnce(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	_, id := s.create(t)
	var mu sync.Mutex
	outcomes := map[domain.Outcome]int{}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			var outcome domain.Outcome
			_, err := s.sessions.Refresh(t.Context(), id, "", func(f domain.Family) (_ domain.Family, err error) {
				f.Session, outcome, err = f.Session.Refresh(1, f.Now)
				if outcome == domain.Rotated {
					hash := sha256.Sum256([]byte{byte(i)})
					f.RefreshHash = hash[:]
				}
				return f, err
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			outcomes[outcome]++
		})
	}
	wg.Wait()
	require.Equal(t, map[domain.Outcome]int{domain.Rotated: 1, domain.Replayed: 19}, outcomes)
}

// Five admins take the role from each other at once. One stays, and the losers
// learn why.
func TestUpdateAccess_TheLastAdminStaysWhoeverIsFirst(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	var admins []string
	for range 5 {
		id, _ := s.create(t, domain.RoleAdmin)
		admins = append(admins, id)
	}
	var wg sync.WaitGroup
	failures := make(chan error, len(admins))
	for i, id := range admins {
		wg.Go(func() {
			_, err := s.users.UpdateAccess(t.Context(), id, domain.Actor{UserID: id}, func(u domain.User, others int, now time.Time) (domain.User, error) {
				if i%2 == 0 {
					return u.Block(others, now)
				}
				return u.Grant(nil, others, now)
			})
			failures <- err
		})
	}
	wg.Wait()
	close(failures)
	refused := 0
	for err := range failures {
		if err != nil {
			require.ErrorIs(t, err, domain.ErrLastAdmin)
			refused++
		}
	}
	require.Equal(t, 1, refused)
	left, err := s.users.List(t.Context(), domain.UserFilter{Role: domain.RoleAdmin, Status: "active", Limit: 10})
	require.NoError(t, err)
	require.Len(t, left, 1)
}

func TestCredentials_P40_OnlyALiveSessionMakesANetworkKnown(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	userID, sessionID := s.create(t)
	s.create(t)
	known := func(network string) bool {
		t.Helper()
		found, err := s.users.Credentials(t.Context(), userID+"@example.com", network)
		require.NoError(t, err)
		require.Equal(t, userID, found.UserID)
		return found.KnownNetwork
	}
	set := func(sql string) {
		t.Helper()
		_, err := s.pool.Exec(t.Context(), `UPDATE sessions SET `+sql+` WHERE id = $1`, sessionID)
		require.NoError(t, err)
	}
	set(`address = '198.51.100.7'`)
	require.True(t, known("198.51.100.7"))
	require.False(t, known("198.51.100.8"))
	set(`created_at = now() - interval '40 days', rotated_at = now() - interval '31 days', expires_at = now() - interval '1 day'`)
	require.False(t, known("198.51.100.7"), "expired")
	set(`expires_at = now() + interval '1 day'`)
	require.True(t, known("198.51.100.7"))
	set(`revoked_at = now(), revoke_reason = 'logout'`)
	require.False(t, known("198.51.100.7"), "revoked")
}

func TestOpen_NeedsTheHashThatWasVerified(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	id, _ := s.create(t)
	hash := sha256.Sum256([]byte("x"))
	in := domain.SignIn{SessionID: newID(), RefreshHash: hash[:]}
	_, err := s.sessions.Open(t.Context(), id, "$argon2id$of the password before", in)
	require.ErrorIs(t, err, domain.ErrCredentials, "the password was changed in between")
	_, err = s.sessions.Open(t.Context(), newID(), passwordHash, in)
	require.ErrorIs(t, err, domain.ErrCredentials)
	_, err = s.sessions.Open(t.Context(), id, passwordHash, in)
	require.NoError(t, err)
}

// Blocking meets signing in: whoever is first, no live session of a blocked user
// is left.
func TestBlock_MissesNoSessionThatIsBeingOpened(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	admin, _ := s.create(t, domain.RoleAdmin)
	for round := range 100 {
		id, _ := s.create(t)
		start := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			<-start
			if _, err := s.users.UpdateAccess(t.Context(), id, domain.Actor{UserID: admin}, domain.User.Block); err != nil {
				t.Error(err)
			}
		})
		for i := range 2 {
			hash := sha256.Sum256(fmt.Append(nil, round, i))
			wg.Go(func() {
				<-start
				_, err := s.sessions.Open(t.Context(), id, passwordHash, domain.SignIn{SessionID: newID(), RefreshHash: hash[:]})
				if err != nil && !errors.Is(err, domain.ErrBlocked) {
					t.Error(err)
				}
			})
		}
		close(start)
		wg.Wait()
	}
	var live int
	require.NoError(t, s.pool.QueryRow(t.Context(), `
		SELECT count(*) FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.status = 'blocked' AND s.revoked_at IS NULL`).Scan(&live))
	require.Zero(t, live)
}

func TestDeleteEnded_KeepsTheLivingAndTheRecent(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	_, living := s.create(t)
	_, recent := s.create(t)
	_, revoked := s.create(t)
	_, expired := s.create(t)
	exec := func(sql string, id string) {
		_, err := s.pool.Exec(t.Context(), sql, id)
		require.NoError(t, err)
	}
	exec(`UPDATE sessions SET revoked_at = now() - interval '6 days', revoke_reason = 'logout' WHERE id = $1`, recent)
	exec(`UPDATE sessions SET revoked_at = now() - interval '8 days', revoke_reason = 'logout' WHERE id = $1`, revoked)
	exec(`UPDATE sessions SET created_at = now() - interval '40 days', rotated_at = now() - interval '40 days',
	      expires_at = now() - interval '10 days' WHERE id = $1`, expired)
	for _, remove := range []func(context.Context, time.Time, int) (*time.Time, error){s.sessions.DeleteExpired, s.sessions.DeleteRevoked} {
		last, err := remove(t.Context(), time.Time{}, 1)
		require.NoError(t, err)
		require.NotNil(t, last)
		last, err = remove(t.Context(), *last, 1)
		require.NoError(t, err)
		require.Nil(t, last)
	}
	rows, _ := s.pool.Query(t.Context(), `SELECT id FROM sessions ORDER BY id`)
	var left []string
	for rows.Next() {
		var id string
		require.NoError(t, rows.Scan(&id))
		left = append(left, id)
	}
	require.Equal(t, []string{living, recent}, left)
}

func TestRoles_AreTheMarketplaces(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	id, _ := s.create(t, domain.Roles()...)
	user, err := s.users.ByID(t.Context(), id)
	require.NoError(t, err)
	require.ElementsMatch(t, domain.Roles(), user.Roles, "the database's list is the domain's")
	require.ElementsMatch(t, domain.Roles(),
		[]string{auth.RoleCustomer, auth.RoleSeller, auth.RoleWarehouse, auth.RoleSupport, auth.RoleAdmin})
}
