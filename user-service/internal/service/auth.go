package service

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/password"
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
	Refresh(ctx context.Context, id, network string, decide func(domain.Family) (domain.Family, error)) (domain.Family, error)
	Revoke(ctx context.Context, id string, by domain.Actor, reason string) (domain.Revocation, error)
}

// AuditLog notes what has no transaction of its own.
type AuditLog interface {
	Failed(ctx context.Context, e domain.AuditEntry) error
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
	Audit     AuditLog
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
	Network   string // the client's address, or the network that one household has
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
	if err := a.Limiter.Allow(ctx, limit, r.Client.Network); err != nil {
		return domain.User{}, Tokens{}, err
	}
	user, err := newUser(a.NewID(), r.Email, r.Name, nil)
	if err != nil {
		return domain.User{}, Tokens{}, err
	}
	hash, err := hashNew(ctx, a.Passwords, password.Caller{Network: r.Client.Network}, r.Password)
	if err != nil {
		return domain.User{}, Tokens{}, err
	}
	in, refresh, err := a.signIn(r.Client)
	if err != nil {
		return domain.User{}, Tokens{}, err
	}
	created, err := a.Users.Create(ctx, user, hash, in)
	if errors.Is(err, domain.ErrLooksLikeStaff) {
		err = domain.ErrEmailInvalid // as for every address that looks like another one
	}
	if err != nil {
		return domain.User{}, Tokens{}, err
	}
	issued, err := tokens(a.Keys, created, in.SessionID, refresh)
	return created.User, issued, err
}

// Login checks the password and begins a session. An address without account
// costs and answers the same as a wrong password.
func (a *Auth) Login(ctx context.Context, email, given string, c Client) (Tokens, error) {
	byAddress := throttle.PerMinute("login-address", a.Limits().LoginsPerAddress)
	if err := a.Limiter.Allow(ctx, byAddress, c.Network); err != nil {
		return Tokens{}, err
	}
	attempt := newAttempt(a.Limiter, a.Limits(), email, c.Network)
	issued, err := a.try(ctx, attempt, email, given, c)
	attempt.end(ctx, err)
	return issued, err
}

func (a *Auth) try(ctx context.Context, attempt *attempt, email, given string, c Client) (Tokens, error) {
	if err := attempt.begin(ctx); err != nil {
		return Tokens{}, err
	}
	email, errEmail := knownEmail(email)
	found, errFound := a.Users.Credentials(ctx, email, c.Network)
	unknown := errEmail != nil || errors.Is(errFound, domain.ErrUserNotFound)
	if errFound != nil && !unknown {
		return Tokens{}, errFound
	}
	if !found.KnownNetwork {
		if err := attempt.countEverywhere(ctx); err != nil {
			return Tokens{}, err
		}
	}
	if err := a.verify(ctx, found, unknown, given, c); err != nil {
		a.noteFailed(ctx, found, c, err)
		return Tokens{}, err
	}
	in, refresh, err := a.signIn(c)
	if err != nil {
		return Tokens{}, err
	}
	opened, err := a.Sessions.Open(ctx, found.UserID, found.PasswordHash, in)
	if err != nil {
		a.noteFailed(ctx, found, c, err)
		return Tokens{}, err
	}
	if len(opened.Ended) > 0 {
		announce(ctx, a.Announcer, a.Log, opened.Ended, nil)
	}
	return tokens(a.Keys, opened, in.SessionID, refresh)
}

// noteFailed notes a sign-in that failed in a network that the account has no live session in. An address without account is noted too:
// that makes both replies take the same time. The reply does not depend on whether it could be noted.
func (a *Auth) noteFailed(ctx context.Context, found domain.Credentials, c Client, because error) {
	entry := domain.Actor{Network: c.Network}.Entry(found.UserID, domain.ActionSignInFailed, time.Time{})
	switch {
	case found.KnownNetwork:
		return
	case errors.Is(because, domain.ErrBlocked):
		entry = entry.Because(domain.FailedBlocked)
	case errors.Is(because, domain.ErrCredentials) && found.UserID == "":
		entry = entry.Because(domain.FailedUnknown)
	case errors.Is(because, domain.ErrCredentials):
		entry = entry.Because(domain.FailedPassword)
	default:
		return
	}
	if err := a.Audit.Failed(ctx, entry); err != nil {
		a.Log.Warn().Ctx(ctx).Err(err).Msg("a failed sign-in is not in the audit log")
	}
}

// verify hashes once whatever the case.
func (a *Auth) verify(ctx context.Context, found domain.Credentials, unknown bool, given string, c Client) error {
	given = normalPassword(given)
	caller := password.Caller{Network: c.Network, Known: found.KnownNetwork}
	if unknown {
		if err := a.Passwords.VerifyNobody(ctx, caller, given); err != nil {
			return err
		}
		return domain.ErrCredentials
	}
	ok, err := a.Passwords.Verify(ctx, caller, given, found.PasswordHash)
	if err == nil && !ok {
		err = domain.ErrCredentials
	}
	return err
}

const maxUserAgent = 200

// signIn prepares a new session with its first refresh token.
func (a *Auth) signIn(c Client) (domain.SignIn, string, error) {
	id, key := a.NewID(), token.NewSessionKey()
	refresh, err := a.Keys.Issue(token.Refresh{SessionID: id, Generation: 1}, key)
	if err != nil {
		return domain.SignIn{}, "", err
	}
	hash := token.HashRefresh(refresh)
	agent := strings.ToValidUTF8(c.UserAgent[:min(len(c.UserAgent), maxUserAgent)], "")
	return domain.SignIn{SessionID: id, RefreshHash: hash[:], TokenKey: key, UserAgent: agent, Address: c.Network}, refresh, nil
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
func hashNew(ctx context.Context, p Passwords, c password.Caller, chosen string) (string, error) {
	chosen = normalPassword(chosen)
	if err := domain.CheckPassword(chosen); err != nil {
		return "", err
	}
	if password.IsCommon(chosen) {
		return "", domain.ErrPasswordCommon
	}
	return p.Hash(ctx, c, chosen)
}
