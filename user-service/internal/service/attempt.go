package service

import (
	"context"

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
	strange          bool // counted everywhere
}

func newAttempt(limiter Limiter, limits Limits, email, network string) *attempt {
	account, err := parseEmail(email)
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

// begin counts the attempt in its network; throttle.ErrTooMany if it was one too many.
func (a *attempt) begin(ctx context.Context) error {
	return a.limiter.Allow(ctx, a.here, a.keyHere())
}

// fromStrange counts the attempt everywhere: the owner has no live session in this network.
func (a *attempt) fromStrange(ctx context.Context) error {
	a.strange = true
	return a.limiter.Allow(ctx, a.everywhere, a.account)
}

// succeeded gives back what the attempt counted against. A sign-in from a known
// network leaves the whole alone: it would be one more allowance for guessers.
func (a *attempt) succeeded(ctx context.Context) {
	a.limiter.Reset(ctx, a.here, a.keyHere())
	if a.strange {
		a.limiter.Reset(ctx, a.everywhere, a.account)
	}
}

func (a *attempt) keyHere() string { return a.network + " " + a.account }
