package repository_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/postgres"
	"marketplace/shared/testkit"
	"marketplace/user-service/internal/domain"
)

// beginning is where NoteLooks begins.
var beginning = uuid.Nil.String()

// register makes an account with one address.
func (s store) register(ctx context.Context, email string, roles ...string) (string, error) {
	roles, err := domain.ParseRoles(roles)
	if err != nil {
		return "", err
	}
	id, session := newID(), newID()
	_, err = s.users.Create(ctx, domain.User{ID: id, Email: email, Name: "Ann", Roles: roles, Status: domain.StatusActive, Version: 1},
		passwordHash, domain.SignIn{SessionID: session, RefreshHash: []byte(session[4:])})
	return id, err
}

// change does something to an account in the name of an admin.
func (s store) change(ctx context.Context, by, id string, decide func(domain.User, int, time.Time) (domain.User, error)) error {
	_, err := s.users.UpdateAccess(ctx, id, domain.Actor{UserID: by}, decide)
	return err
}

func grant(roles ...string) func(domain.User, int, time.Time) (domain.User, error) {
	return func(u domain.User, others int, now time.Time) (domain.User, error) {
		return u.Grant(roles, others, now)
	}
}

func unblock(u domain.User, _ int, _ time.Time) (domain.User, error) { return u.Unblock(), nil }

func TestLooks_NobodyLooksLikeStaff(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	ctx := t.Context()
	boss, err := s.register(ctx, "boss@example.com", domain.RoleAdmin)
	require.NoError(t, err)
	_, err = s.register(ctx, "b0ss@example.com")
	require.ErrorIs(t, err, domain.ErrLooksLikeStaff)
	_, err = s.register(ctx, "boss@example.com")
	require.ErrorIs(t, err, domain.ErrEmailTaken, "the address itself has an account")

	// Customers may look alike. While both are active, none of them can join the staff.
	ann, err := s.register(ctx, "mark@example.com")
	require.NoError(t, err)
	impostor, err := s.register(ctx, "rnark@example.com")
	require.NoError(t, err)
	for _, role := range []string{domain.RoleSupport, domain.RoleWarehouse, domain.RoleAdmin} {
		require.ErrorIs(t, s.change(ctx, boss, ann, grant(role)), domain.ErrLooksLikeStaff, role)
	}
	require.NoError(t, s.change(ctx, boss, ann, grant(domain.RoleSeller)), "sellers are no staff")
	require.NoError(t, s.change(ctx, boss, impostor, domain.User.Block))
	require.NoError(t, s.change(ctx, boss, ann, grant(domain.RoleSupport)))
	require.ErrorIs(t, s.change(ctx, boss, impostor, unblock), domain.ErrLooksLikeStaff)
	_, err = s.register(ctx, "mаrk@example.com") // a Cyrillic а; the rule of scripts is not asked here
	require.ErrorIs(t, err, domain.ErrLooksLikeStaff)

	require.NoError(t, s.change(ctx, boss, ann, grant()))
	require.NoError(t, s.change(ctx, boss, impostor, unblock))
	_, err = s.users.CreateIfAbsent(ctx, domain.User{
		ID: newID(), Email: "bоss@example.com", Name: "Boss", Roles: []string{"admin", "customer"}, Status: domain.StatusActive, Version: 1,
	}, passwordHash)
	require.ErrorIs(t, err, domain.ErrLooksLikeStaff)
}

// A look-alike is registered at the very moment in which somebody joins the staff: one of the two is refused.
func TestLooks_ARegistrationAndAGrantSeeEachOther(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	boss, err := s.register(t.Context(), "boss@example.com", domain.RoleAdmin)
	require.NoError(t, err)
	outcomes := map[string]int{}
	for i := range 40 {
		ann, err := s.register(t.Context(), fmt.Sprintf("ann%d.l@example.com", 100+i))
		require.NoError(t, err)
		var registered, granted error
		var wg sync.WaitGroup
		wg.Go(func() { _, registered = s.register(t.Context(), fmt.Sprintf("аnn%d.l@example.com", 100+i)) })
		wg.Go(func() { granted = s.change(t.Context(), boss, ann, grant(domain.RoleSupport)) })
		wg.Wait()
		require.True(t, (registered == nil) != (granted == nil), "%v, %v", registered, granted)
		require.ErrorIs(t, errors.Join(registered, granted), domain.ErrLooksLikeStaff)
		if granted == nil {
			outcomes["granted"]++
		} else {
			outcomes["registered"]++
		}
	}
	t.Log(outcomes)
}

// Accounts from before, and an address that an operator changes.
func TestLooks_AreFilledInWhereTheyAreNotKnown(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	ctx := t.Context()
	_, err := s.register(ctx, "boss@example.com", domain.RoleAdmin)
	require.NoError(t, err)
	ann, err := s.register(ctx, "ann@example.com")
	require.NoError(t, err)
	exec := func(sql string, args ...any) error { _, err := s.pool.Exec(ctx, sql, args...); return err }
	require.NoError(t, exec(`UPDATE users SET look = NULL`)) // as a migration leaves it
	_, err = s.register(ctx, "b0ss@example.com")
	require.NoError(t, err, "it is not known yet")

	done := make(chan error, 4)
	for range 4 { // replicas
		go func() { _, err := s.users.NoteLooks(ctx, beginning, 1); done <- err }()
	}
	for range 4 {
		require.NoError(t, <-done)
	}
	testkit.Eventually(t, time.Minute, func() error {
		if ids, err := s.users.NoteLooks(ctx, beginning, 1); len(ids) > 0 || err != nil {
			return fmt.Errorf("%d more, %w", len(ids), err)
		}
		return nil
	})
	require.Zero(t, s.count(t, `SELECT count(*) FROM users WHERE look IS NULL`))
	_, err = s.register(ctx, "bоss@example.com")
	require.ErrorIs(t, err, domain.ErrLooksLikeStaff)

	require.NoError(t, exec(`UPDATE users SET email = 'anna@example.com', version = version + 1 WHERE id = $1`, ann))
	ids, err := s.users.NoteLooks(ctx, beginning, 10)
	require.NoError(t, err)
	require.Equal(t, []string{ann}, ids)
	require.Zero(t, s.count(t, `SELECT count(*) FROM looks_due`))
	err = exec(`UPDATE users SET roles = '{admin,customer}' WHERE email = 'b0ss@example.com'`)
	require.True(t, postgres.Violates(err, "users_look"), "whoever writes: %v", err)
	_, err = s.pool.Exec(ctx, `SET search_path = pg_catalog; UPDATE user_service.users SET roles = '{admin,customer}' WHERE email = 'b0ss@example.com'; RESET search_path`)
	require.True(t, postgres.Violates(err, "users_look"), "as an operator does: %v", err)
}

// The guard cannot see an account whose look is not known. Whoever notes it later is told of the pair.
func TestLooks_ADoubleThatTheGuardDidNotSeeIsReported(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	ctx := t.Context()
	doubles := func(ids []string) []domain.Double {
		found, err := s.users.Doubles(ctx, ids)
		require.NoError(t, err)
		return found
	}
	boss, err := s.register(ctx, "boss@example.com", domain.RoleAdmin)
	require.NoError(t, err)
	customers := make([]string, 3)
	for i, email := range []string{"mark@example.com", "rnark@example.com", "impostor@example.com"} {
		customers[i], err = s.register(ctx, email)
		require.NoError(t, err)
	}
	impostor := customers[2]
	_, err = s.pool.Exec(ctx, `UPDATE users SET email = 'b0ss@example.com' WHERE id = $1`, impostor) // or an older replica registers it
	require.NoError(t, err)
	ids, err := s.users.NoteLooks(ctx, beginning, 10)
	require.NoError(t, err)
	require.Equal(t, []string{impostor}, ids)
	pair := []domain.Double{{A: min(boss, impostor), B: max(boss, impostor)}}
	require.Equal(t, pair, doubles([]string{impostor}))
	require.Equal(t, pair, doubles([]string{boss, impostor, customers[0], customers[1]}), "once, and customers may look alike")
	require.NoError(t, s.change(ctx, boss, impostor, domain.User.Block))
	require.Empty(t, doubles([]string{boss, impostor}))
}

// The registration of a customer reads two rows of the index, not the table.
func TestLooks_TheGuardReadsNoWholeTable(t *testing.T) {
	t.Parallel()
	s := newStore(t)
	testkit.Fill(t, s.pool, `insert into users (id, email, name, password_hash, roles, status, version, created_at, look)
		select gen_random_uuid(), 'user' || n || '@example.com', 'Ann', '$argon2id$', case when n % 100 = 0 then '{admin,customer}'::text[] else '{customer}' end,
			'active', 1, now(), sha256(n::text::bytea) from generate_series(1, 10000) n`, `analyze users`)
	buffers := testkit.Buffers(t, s.pool, `insert into users (id, email, name, password_hash, roles, status, version, created_at, look)
		values (gen_random_uuid(), 'somebody@example.com', 'Ann', '$argon2id$', '{customer}', 'active', 1, now(), sha256('x'))`)
	t.Logf("%d buffers", buffers)
	require.Less(t, buffers, 200)
}
