package auth

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"marketplace/shared/fault"
)

// maxToken bounds the work that an unverified token can cause; ours have about 500 bytes.
const maxToken = 4096

var (
	errInvalid = fault.New(fault.Unauthenticated, "token_invalid", "The access token is not valid.")
	errExpired = fault.New(fault.Unauthenticated, "token_expired", "The access token has expired.")
	errRevoked = fault.New(fault.Unauthenticated, "token_revoked", "The session has ended: sign in again.")
	errNoKeys  = fault.New(fault.Unavailable, "keys_unavailable", "Tokens cannot be checked right now.").WithRetryAfter(time.Second)

	errUnknownKey = errors.New("unknown key")
)

// VerifierOptions are the choices of NewVerifier.
type VerifierOptions struct {
	JWKSURL string                                      // where the public keys are read
	Keys    func(kid string) (ed25519.PublicKey, error) // used instead, by the process that has them; an error is an unknown key
	Revoked func(id Identity, issuedAt time.Time) bool  // nil: nothing is ever revoked
	Now     func() time.Time                            // the clock; time.Now when nil
}

// Verifier checks access tokens. It is safe for concurrent use.
type Verifier struct {
	remote  *remoteKeys // nil when the process has the keys
	keys    func(ctx context.Context, kid string) (ed25519.PublicKey, error)
	revoked func(Identity, time.Time) bool
	now     func() time.Time
	parser  *jwt.Parser
	cache   *cache
}

// NewVerifier returns a verifier. With a JWKSURL, Run keeps its keys fresh.
func NewVerifier(o VerifierOptions) *Verifier {
	v := &Verifier{revoked: o.Revoked, now: o.Now, cache: newCache()}
	if v.now == nil {
		v.now = time.Now
	}
	if o.Keys != nil {
		v.keys = func(_ context.Context, kid string) (ed25519.PublicKey, error) { return o.Keys(kid) }
	} else {
		v.remote = newRemoteKeys(o.JWKSURL, v.cache.clear)
		v.keys = v.remote.get
	}
	v.parser = jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithIssuer(Issuer),
		jwt.WithAudience(Audience),
		jwt.WithExpirationRequired(),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(v.now),
	)
	return v
}

// Run refreshes the keys until ctx ends. Without it they are still read when a token needs them.
func (v *Verifier) Run(ctx context.Context) error {
	if v.remote == nil {
		<-ctx.Done()
		return nil
	}
	v.remote.run(ctx)
	return nil
}

// Verify returns whose token it is. Errors are faults: Unauthenticated, or Unavailable while there are no keys.
func (v *Verifier) Verify(ctx context.Context, token string) (Identity, error) {
	if len(token) > maxToken {
		return Identity{}, errInvalid
	}
	now, key := v.now(), hashOf(token)
	found, ok := v.cache.get(key, now)
	if !ok {
		var err error
		age := v.cache.age.Load()
		if found, err = v.parse(ctx, token); err != nil {
			return Identity{}, err
		}
		v.cache.put(key, found, age)
	}
	if v.revoked != nil && v.revoked(found.identity, found.issuedAt) {
		return Identity{}, errRevoked
	}
	return found.identity, nil
}

func (v *Verifier) parse(ctx context.Context, token string) (verified, error) {
	var c claims
	_, err := v.parser.ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		if t.Header["typ"] != Type || t.Header["crit"] != nil {
			return nil, fmt.Errorf("not an access token")
		}
		kid, _ := t.Header["kid"].(string)
		return v.keys(ctx, kid)
	})
	switch {
	case errors.Is(err, errNoKeys):
		return verified{}, errNoKeys.Wrap(err)
	case errors.Is(err, jwt.ErrTokenExpired):
		return verified{}, errExpired
	case err != nil:
		return verified{}, errInvalid.Wrap(err)
	case c.Subject == "" || c.IssuedAt == nil:
		return verified{}, errInvalid
	}
	return verified{
		identity:  Identity{UserID: c.Subject, SessionID: c.SessionID, Roles: c.Roles},
		issuedAt:  c.IssuedAt.Time,
		expiresAt: c.ExpiresAt.Time,
	}, nil
}
