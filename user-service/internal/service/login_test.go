package service

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"marketplace/shared/idempotency"
	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/password"
	"marketplace/user-service/internal/throttle"
	"marketplace/user-service/internal/token"
)

const rightPassword = "correct horse battery"

// house has one account, Ann's, and whatever goes wrong there.
type house struct {
	AuthUsers
	AuthSessions
	ChangeableUsers
	hashing, reading, saving error
	homes                    []string          // networks in which Ann has a live session
	callers                  []password.Caller // for whom a password was hashed or checked
}

func (h *house) Credentials(_ context.Context, email, network string) (domain.Credentials, error) {
	if email != "ann@example.com" {
		return domain.Credentials{}, domain.ErrUserNotFound
	}
	return domain.Credentials{UserID: "ann", Status: domain.StatusActive, KnownNetwork: slices.Contains(h.homes, network)}, h.reading
}

func (h *house) PasswordHash(context.Context, string) (string, error) { return "", h.reading }

func (h *house) Open(context.Context, string, string, domain.SignIn) (domain.SignedIn, error) {
	return domain.SignedIn{User: domain.User{ID: "ann"}}, h.saving
}

func (h *house) Once(_ context.Context, _ idempotency.Key, effect func() (idempotency.Reply, error)) (idempotency.Reply, error) {
	return effect()
}

func (h *house) ChangePassword(context.Context, domain.PasswordChange, PasswordAnswer) ([]domain.Revocation, idempotency.Reply, error) {
	return nil, idempotency.Reply{}, h.saving
}

func (h *house) Failed(context.Context, domain.AuditEntry) error { return nil }

func (h *house) Announce(context.Context, []domain.Revocation, []domain.Revocation) error { return nil }

func (h *house) VerifyNobody(_ context.Context, c password.Caller, _ string) error {
	h.callers = append(h.callers, c)
	return h.hashing
}

func (h *house) Hash(_ context.Context, c password.Caller, _ string) (string, error) {
	h.callers = append(h.callers, c)
	return "", h.hashing
}

func (h *house) Verify(_ context.Context, c password.Caller, given, _ string) (bool, error) {
	h.callers = append(h.callers, c)
	return given == rightPassword, h.hashing
}

// few are limits that a test reaches soon: two attempts here, three everywhere.
func few() Limits {
	return Limits{RegistrationsPerAddress: 1000, LoginsPerAddress: 1000, LoginsPerAccount: 2, LoginsPerAccountEverywhere: 3}
}

// services are those of the house.
func (h *house) services(t *testing.T) (*Auth, *Accounts) {
	limiter := newDoor(t).limiter
	keys, err := token.NewKeys("secret", "")
	require.NoError(t, err)
	auth := &Auth{
		Users: h, Sessions: h, Audit: h, Passwords: h, Keys: keys, Limiter: limiter, Limits: few, Announcer: h,
		NewID: func() string { return "0198d3c2-0000-7000-8000-000000000001" }, Log: zerolog.Nop(),
	}
	return auth, &Accounts{Users: h, Passwords: h, Limiter: limiter, Limits: few, Announcer: h, Log: zerolog.Nop()}
}

// tries are the ways to try a password of Ann's in the house.
func (h *house) tries(t *testing.T) map[string]func(given string) error {
	auth, accounts := h.services(t)
	return map[string]func(string) error{
		"sign-in": func(given string) error {
			_, err := auth.Login(t.Context(), "ann@example.com", given, Client{Network: "home"})
			return err
		},
		"change of the password": func(given string) error {
			by := domain.Actor{UserID: "ann", Network: "home"}
			_, err := accounts.ChangePassword(t.Context(), by, "session", given, "another horse battery", PasswordAnswer{})
			return err
		},
	}
}

func TestLogin_P38_P40_ABusyPasswordHasherDoesNotEatTheOwnersAttempts(t *testing.T) {
	t.Parallel()
	trouble := errors.New("the database is away")
	for name, try := range (&house{}).tries(t) {
		require.NoError(t, try(rightPassword), name)
	}
	for because, wrong := range map[string]house{
		"too many wait": {hashing: password.ErrBusy}, "the client went away": {hashing: context.Canceled},
		"nothing can be read": {reading: trouble}, "nothing can be saved": {saving: trouble},
	} {
		h := new(house)
		for name, try := range h.tries(t) {
			*h = wrong
			for range 10 {
				err := try(rightPassword)
				require.Error(t, err, "%s: %s", name, because)
				require.NotErrorIs(t, err, throttle.ErrTooMany, "%s: %s", name, because)
			}
			*h = house{}
			for range 2 {
				require.True(t, answered(try("a wrong password")), "%s: %s", name, because)
			}
			require.ErrorIs(t, try(rightPassword), throttle.ErrTooMany, "%s: %s", name, because)
		}
	}
}

func (h *house) Create(context.Context, domain.User, string, domain.SignIn) (domain.SignedIn, error) {
	return domain.SignedIn{User: domain.User{ID: "eve"}}, nil
}

// What decides it is read with the credentials.
func TestLogin_P40_OnlyWhomTheAccountKnowsGoesFirst(t *testing.T) {
	t.Parallel()
	h := &house{homes: []string{"home"}}
	auth, accounts := h.services(t)
	signIn := func(email, network string) {
		_, err := auth.Login(t.Context(), email, "a guess", Client{Network: network})
		require.ErrorIs(t, err, domain.ErrCredentials)
	}
	signIn("ann@example.com", "home")
	signIn("ann@example.com", "hotel")
	signIn("nobody@example.com", "home")
	_, _, err := auth.Register(t.Context(), Registration{
		Email: "eve@example.com", Password: rightPassword, Name: "Eve", Client: Client{Network: "home"},
	})
	require.NoError(t, err)
	by := domain.Actor{UserID: "ann", Network: "train"}
	_, err = accounts.ChangePassword(t.Context(), by, "session", rightPassword, "another horse battery", PasswordAnswer{})
	require.NoError(t, err)
	require.Equal(t, []password.Caller{
		{Network: "home", Known: true},
		{Network: "hotel"},
		{Network: "home"},
		{Network: "home"},
		{Network: "train", Known: true},
		{Network: "train", Known: true},
	}, h.callers)
}

func TestLogin_P40_AnAttemptThatIsRefusedEverywhereCountsNowhere(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	for range 3 {
		require.NoError(t, d.limiter.Allow(t.Context(), throttle.PerHour("login-account", 3), "ann@example.com"))
	}
	for range 10 {
		a := newAttempt(d.limiter, few(), "ann@example.com", "home")
		require.NoError(t, a.begin(t.Context()))
		err := a.countEverywhere(t.Context())
		require.ErrorIs(t, err, throttle.ErrTooMany)
		a.end(t.Context(), err)
	}
}

func TestPassword_P40_GuessesWithAStolenTokenLeaveTheOwnerHerAttempts(t *testing.T) {
	t.Parallel()
	d := newDoor(t)
	opens := func(session, network string) bool {
		a := newPasswordAttempt(d.limiter, few(), session, network)
		err := a.begin(t.Context())
		if err == nil {
			err = a.countEverywhere(t.Context())
		}
		if err != nil {
			require.ErrorIs(t, err, throttle.ErrTooMany)
			a.end(t.Context(), err)
		}
		return err == nil
	}
	for range 2 {
		require.True(t, opens("stolen", "thief"))
	}
	require.False(t, opens("stolen", "thief"))
	require.True(t, opens("stolen", "home"), "the owner in the same session")
	require.False(t, opens("stolen", "home"), "all that a session may try, from whatever networks")
	require.True(t, opens("her next sign-in", "home"))
}
