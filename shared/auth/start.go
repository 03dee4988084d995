package auth

import (
	"context"

	"github.com/rs/zerolog"
)

// Group runs parts of a process and stops them; a *lifecycle.Group is one.
type Group interface {
	Go(name string, run func(ctx context.Context) error)
	OnStop(name string, stop func(ctx context.Context) error)
}

// Start returns a verifier that follows user-service's keys and ended sessions in the background, as parts of the group. It is for
// a process that uses Redis for nothing else.
func Start(group Group, redisURL, jwksURL string, log zerolog.Logger) (*Verifier, *Revocations, error) {
	revocations, err := OpenRevocations(redisURL, log)
	if err != nil {
		return nil, nil, err
	}
	group.OnStop("redis", func(context.Context) error { return revocations.Close() })
	group.Go("revocations", revocations.Run)
	verifier := NewVerifier(VerifierOptions{JWKSURL: jwksURL, Revoked: revocations.Revoked})
	group.Go("keys", verifier.Run)
	return verifier, revocations, nil
}
