// Package auth knows who is calling: it verifies access tokens and says what an identity may do.
//
// An access token is a JWT signed with Ed25519 (RFC 9068: typ "at+jwt"), valid for minutes. user-service issues it;
// every other process verifies it by itself with the public keys from one configured JWKS address. Verifying costs
// about 80 microseconds, so what was verified is remembered, by hash, until it expires.
//
// A token cannot be taken back, so user-service lists ended sessions and blocked users in Redis for as long as their
// tokens would live; every process reads once a second what is new there (Revocations). While Redis is away the last list
// holds, and the tokens' short life bounds the rest.
//
// A Policy stands beside every route. Its zero value allows nothing and is refused when the route is registered.
package auth
