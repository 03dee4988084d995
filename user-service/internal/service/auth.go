package service

import (
	"context"
	"errors"
	"strings"

	"github.com/rs/zerolog"

	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/throttle"
	"marketplace/user-service/internal/token"
)

// AuthUsers is what Auth needs of the stored users.
type AuthUsers interface {
	Create(ctx context.Context, u domain.User, passwordHash string, in domain.SignIn) (domain.SignedIn, error)
	Credentials(ctx context.Context, email, network string) (domain.Credentials, error)
}

// AuthSessions is what Auth needs of the stored sessions.
type AuthSessions interface {
	Open(ctx context.Context, userID, passwordHash string, in domain.SignIn) (domain.SignedIn, error)
	Refresh(ctx context.Context, id string, decide func(domain.Family) (domain.Family, error)) (domain.Family, error)
	Revoke(ctx context.Context, id, userID, reason string) (domain.Revocation, error)
}

// Limits says how many attempts are allowed.
type Limits struct {
	RegistrationsPerAddress    int // a minute
	LoginsPerAddress           int // a minute
	LoginsPerAccount           int // an hour, from one network
	LoginsPerAccountEverywhere int // an hour, from all networks together
}

// Auth signs people in and out.
type Auth struct {
	Users     AuthUsers
	Sessions  AuthSessions
	Passwords Passwords
	Keys      *token.Keys
	Limiter   Limiter
	Limits    func() Limits // may change while running
	Announcer Announcer
	NewID     IDs
	Log       zerolog.Logger
}

// Client is where a request comes from.
type Client struct {
	Address   string
	UserAgent string
}

// Registration is a wish for an account.
type Registration struct {
	Email, Password, Name string
	Client                Client
}

// Register creates an account and signs it in.
func (a *Auth) Register(ctx context.Context, r Registration) (domain.User, Tokens, error) {
	limit := throttle.PerMinute("register", a.Limits().RegistrationsPerAddress)
	if err := a.Limiter.Allow(ctx, limit, throttle.Address(r.Client.Address)); err != nil {
		return domain.User{}, Tokens{}, err
	}
	user, err := newUser(a.NewID(), r.Email, r.Name, nil)
	if err != nil {
		return domain.User{}, Tokens{}, err
	}
	hash, err := hashNew(ctx, a.Passwords, r.Password)
	if err != nil {
		return domain.User{}, Tokens{}, err
	}
	in, refresh, err := a.signIn(r.Client)
	if err != nil {
		return domain.User{}, Tokens{}, err
	}
	created, err := a.Users.Create(ctx, user, hash, in)
	if err != nil {
		return domain.User{}, Tokens{}, err
	}
	issued, err := tokens(a.Keys, created, in.SessionID, refresh)
	return created.User, issued, err
}

// Login checks the password and begins a session. An address without account
// costs and answers the same as a wrong password.
func (a *Auth) Login(ctx context.Context, email, password string, c Client) (Tokens, error) {
	network := throttle.Address(c.Address)
	byAddress := throttle.PerMinute("login-address", a.Limits().LoginsPerAddress)
	if err := a.Limiter.Allow(ctx, byAddress, network); err != nil {
		return Tokens{}, err
	}
	attempt := newAttempt(a.Limiter, a.Limits(), email, network)
	if err := attempt.begin(ctx); err != nil {
		return Tokens{}, err
	}
	email, errEmail := parseEmail(email)
	found, errFound := a.Users.Credentials(ctx, email, network)
	unknown := errEmail != nil || errors.Is(errFound, domain.ErrUserNotFound)
	if errFound != nil && !unknown {
		return Tokens{}, errFound
	}
	if !found.KnownNetwork {
		if err := attempt.fromStrange(ctx); err != nil {
			return Tokens{}, err
		}
	}
	if err := a.verify(ctx, found, unknown, password); err != nil {
		return Tokens{}, err
	}
	in, refresh, err := a.signIn(c)
	if err != nil {
		return Tokens{}, err
	}
	opened, err := a.Sessions.Open(ctx, found.UserID, found.PasswordHash, in)
	if err != nil {
		return Tokens{}, err
	}
	attempt.succeeded(ctx)
	return tokens(a.Keys, opened, in.SessionID, refresh)
}

// verify hashes once whatever the case.
func (a *Auth) verify(ctx context.Context, found domain.Credentials, unknown bool, password string) error {
	password = normalPassword(password)
	if unknown {
		if err := a.Passwords.VerifyNobody(ctx, password); err != nil {
			return err
		}
		return domain.ErrCredentials
	}
	ok, err := a.Passwords.Verify(ctx, password, found.PasswordHash)
	if err == nil && !ok {
		err = domain.ErrCredentials
	}
	return err
}

const maxUserAgent = 200

// signIn prepares a new session with its first refresh token.
func (a *Auth) signIn(c Client) (domain.SignIn, string, error) {
	id := a.NewID()
	refresh, err := a.Keys.Issue(token.Refresh{SessionID: id, Generation: 1})
	if err != nil {
		return domain.SignIn{}, "", err
	}
	hash := token.HashRefresh(refresh)
	agent := strings.ToValidUTF8(c.UserAgent[:min(len(c.UserAgent), maxUserAgent)], "")
	return domain.SignIn{SessionID: id, RefreshHash: hash[:], UserAgent: agent, Address: throttle.Address(c.Address)}, refresh, nil
}

func newUser(id, email, name string, roles []string) (domain.User, error) {
	email, err := parseEmail(email)
	if err != nil {
		return domain.User{}, err
	}
	if name, err = domain.ParseName(name); err != nil {
		return domain.User{}, err
	}
	if roles, err = domain.ParseRoles(roles); err != nil {
		return domain.User{}, err
	}
	return domain.User{ID: id, Email: email, Name: name, Roles: roles, Status: domain.StatusActive, Version: 1}, nil
}

// hashNew hashes a password that somebody chooses.
func hashNew(ctx context.Context, p Passwords, password string) (string, error) {
	password = normalPassword(password)
	if err := domain.CheckPassword(password); err != nil {
		return "", err
	}
	return p.Hash(ctx, password)
}
