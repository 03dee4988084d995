// Package token makes the two kinds of tokens that a sign-in hands out: access
// tokens, which every service verifies from the public keys, and refresh tokens,
// which only this service understands.
//
// All keys are derived from one configured secret, so that any replica signs
// and checks alike and nothing has to be stored or shared.
package token

import (
	"crypto/ed25519"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"

	"marketplace/shared/auth"
)

// The infos separate the keys from each other. A new version of one makes a new
// key out of the same secret.
const (
	signingInfo = "marketplace access token signing v1"
	refreshInfo = "marketplace refresh token v1"
	// for what is stored of request bodies beside their Idempotency-Key
	fingerprintInfo = "marketplace request fingerprint v1"
)

// ErrUnknownKey is the answer to a key id that is neither current nor previous.
var ErrUnknownKey = errors.New("unknown key id")

// Keys signs tokens with the current secret's keys and accepts those of the
// previous secret too, for access tokens that were made before the secret was changed.
type Keys struct {
	current  derived
	accepted []derived // current first
	jwks     []byte
}

type derived struct {
	signing ed25519.PrivateKey
	public  ed25519.PublicKey
	refresh []byte

	fingerprint []byte
}

// NewKeys derives the keys; previous may be empty.
func NewKeys(secret, previous string) (*Keys, error) {
	current, err := derive(secret)
	if err != nil {
		return nil, err
	}
	keys := &Keys{current: current, accepted: []derived{current}}
	if previous != "" && previous != secret {
		old, err := derive(previous)
		if err != nil {
			return nil, err
		}
		keys.accepted = append(keys.accepted, old)
	}
	var published []ed25519.PublicKey
	for _, d := range keys.accepted {
		published = append(published, d.public)
	}
	keys.jwks, err = auth.EncodeKeys(published...)
	return keys, err
}

// Fingerprint is the key of the fingerprints that are kept of requests. When the secret is rotated, a request that is
// repeated over the change is refused as another one.
func (k *Keys) Fingerprint() []byte { return k.current.fingerprint }

// Signing is the key for new access tokens.
func (k *Keys) Signing() ed25519.PrivateKey { return k.current.signing }

func derive(secret string) (derived, error) {
	seed, err := hkdf.Key(sha256.New, []byte(secret), nil, signingInfo, ed25519.SeedSize)
	if err != nil {
		return derived{}, fmt.Errorf("derive the signing key: %w", err)
	}
	refresh, err := hkdf.Key(sha256.New, []byte(secret), nil, refreshInfo, sha256.Size)
	if err != nil {
		return derived{}, fmt.Errorf("derive the refresh key: %w", err)
	}
	fingerprint, err := hkdf.Key(sha256.New, []byte(secret), nil, fingerprintInfo, sha256.Size)
	if err != nil {
		return derived{}, fmt.Errorf("derive the fingerprint key: %w", err)
	}
	signing := ed25519.NewKeyFromSeed(seed)
	return derived{signing: signing, public: signing.Public().(ed25519.PublicKey), refresh: refresh, fingerprint: fingerprint}, nil
}

// Public is the verifying key with that id, or ErrUnknownKey.
func (k *Keys) Public(id string) (ed25519.PublicKey, error) {
	for _, d := range k.accepted {
		if auth.KeyID(d.public) == id {
			return d.public, nil
		}
	}
	return nil, ErrUnknownKey
}

// JWKS is the document with all accepted public keys (RFC 7517, RFC 8037).
func (k *Keys) JWKS() []byte { return k.jwks }
