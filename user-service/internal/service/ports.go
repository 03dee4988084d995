package service

import (
	"context"
	"time"

	"marketplace/user-service/internal/domain"
	"marketplace/user-service/internal/password"
	"marketplace/user-service/internal/throttle"
)

// Passwords hashes and checks passwords for a caller; both may refuse when too many wait.
type Passwords interface {
	Hash(ctx context.Context, c password.Caller, chosen string) (string, error)
	Verify(ctx context.Context, c password.Caller, given, hash string) (bool, error)
	VerifyNobody(ctx context.Context, c password.Caller, given string) error
}

// Limiter slows down guessing.
type Limiter interface {
	Allow(ctx context.Context, limit throttle.Limit, key string) error
	GiveBack(ctx context.Context, limit throttle.Limit, key string)
	Reset(ctx context.Context, limit throttle.Limit, key string)
}

// Announcer tells every process which access tokens are void.
type Announcer interface {
	Announce(ctx context.Context, sessions, users []domain.Revocation) error
}

// IDs makes identifiers that grow with time (UUIDv7).
type IDs func() string

// announceTimeout bounds what a request spends on telling the others. What could
// not be told is told by the next reconciliation.
const announceTimeout = 50 * time.Millisecond
