package service

import (
	"context"
	"errors"

	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/throttle"
)

// attempt is somebody's try at signing in to an account from a network.
//
// An account can be tried a few times an hour from each network, and more often
// from all of them together, which bounds those who guess from many. One network
// gets so small a part of the whole that it cannot use it up: who guesses from one
// place does not lock the owner out at another. Where the owner has a live session
// the whole does not count, so that guessing from many networks does not lock the
// owner out there.
//
// The account is what was typed, whether there is one or not.
type attempt struct {
	limiter          Limiter
	here, everywhere throttle.Limit
	account, network string
	counted          []taken
}

func newAttempt(limiter Limiter, limits Limits, email, network string) *attempt {
	account, err := knownEmail(email)
	if err != nil {
		account = email
	}
	return &attempt{
		limiter:    limiter,
		here:       throttle.PerHour("login-account-network", limits.LoginsPerAccount),
		everywhere: throttle.PerHour("login-account", limits.LoginsPerAccountEverywhere),
		account:    account, network: network,
	}
}

// taken is one count that an attempt went into.
type taken struct {
	limit throttle.Limit
	key   string
}

// newPasswordAttempt is a try at the current password by somebody who is signed in. The session takes the place of the account: who
// guesses with a stolen token uses up what its session may try, and the owner, who can sign in again, has all attempts left.
func newPasswordAttempt(limiter Limiter, limits Limits, session, network string) *attempt {
	return &attempt{
		limiter:    limiter,
		here:       throttle.PerHour("password-session-network", limits.LoginsPerAccount),
		everywhere: throttle.PerHour("password-session", limits.LoginsPerAccountEverywhere),
		account:    session, network: network,
	}
}

// begin counts the attempt in its network; throttle.ErrTooMany if it was one too many.
func (a *attempt) begin(ctx context.Context) error {
	return a.count(ctx, a.here, a.network+" "+a.account)
}

// countEverywhere is for an attempt from a network in which the owner has no live session.
func (a *attempt) countEverywhere(ctx context.Context) error {
	return a.count(ctx, a.everywhere, a.account)
}

func (a *attempt) count(ctx context.Context, limit throttle.Limit, key string) error {
	err := a.limiter.Allow(ctx, limit, key)
	if err == nil {
		a.counted = append(a.counted, taken{limit, key})
	}
	return err
}

// end settles the counts once it is known how the attempt ended. A success gives the whole allowances back. A sign-in from a known
// network leaves the one for everywhere alone: it would be one more allowance for guessers. An attempt that ended without an answer
// about the password, for instance because too many wait to be hashed, was no attempt.
func (a *attempt) end(ctx context.Context, err error) {
	for _, c := range a.counted {
		switch {
		case err == nil:
			a.limiter.Reset(ctx, c.limit, c.key)
		case !answered(err):
			a.limiter.GiveBack(ctx, c.limit, c.key)
		}
	}
}

// answered says whether the error tells something about the password.
func answered(err error) bool {
	return errors.Is(err, domain.ErrCredentials) || errors.Is(err, domain.ErrBlocked) || errors.Is(err, domain.ErrPasswordWrong)
}
