// Package password hashes passwords with argon2id and keeps a flood of sign-ins
// from taking the machine: each hash needs 19 MiB and some tens of milliseconds
// of one core, so only as many run at once as there are cores, a bounded number
// waits, and the rest is refused at once. The queue is fair: callers from networks
// that the account knows go first, and a network that sends many gets no more than
// another one.
package password

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"runtime"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/crypto/argon2"

	"marketplace/shared/fault"
)

// ErrBusy means that too many hashes are waiting already.
var ErrBusy = fault.New(fault.Unavailable, "sign_in_busy", "Too many people are signing in at this moment.").
	WithRetryAfter(time.Second)

// Hasher makes and checks PHC strings.
type Hasher struct {
	costs params
	queue *queue
	dummy string // the hash of a password that nobody knows
	done  prometheus.Counter
	busy  prometheus.Counter
}

// New returns a hasher that runs one hash per core.
func New(registry prometheus.Registerer) *Hasher {
	return newHasher(registry, runtime.GOMAXPROCS(0), recommended)
}

func newHasher(registry prometheus.Registerer, slots int, costs params) *Hasher {
	h := &Hasher{
		costs: costs,
		queue: newQueue(slots),
		dummy: encode(costs, random(saltSize), random(keySize)),
		done: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "password_hashes_total", Help: "Passwords hashed, to store or to check them.",
		}),
		busy: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "password_hashes_refused_total", Help: "Passwords not hashed because too many were waiting.",
		}),
	}
	registry.MustRegister(h.done, h.busy)
	return h
}

// Hash returns the PHC string of a new password, or ErrBusy.
func (h *Hasher) Hash(ctx context.Context, c Caller, password string) (string, error) {
	salt := random(saltSize)
	key, err := h.derive(ctx, c, password, salt, h.costs)
	if err != nil {
		return "", err
	}
	return encode(h.costs, salt, key), nil
}

// Verify says whether the password is the one of the PHC string, or returns
// ErrBusy.
func (h *Hasher) Verify(ctx context.Context, c Caller, password, encoded string) (bool, error) {
	p, salt, want, err := decode(encoded)
	if err != nil {
		return false, err
	}
	got, err := h.derive(ctx, c, password, salt, p)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// VerifyNobody does the work of Verify for an account that does not exist, so
// that the time of the answer does not tell who has one.
func (h *Hasher) VerifyNobody(ctx context.Context, c Caller, password string) error {
	_, err := h.Verify(ctx, c, password, h.dummy)
	return err
}

func (h *Hasher) derive(ctx context.Context, c Caller, password string, salt []byte, p params) ([]byte, error) {
	if err := h.queue.enter(ctx, c); err != nil {
		if errors.Is(err, ErrBusy) {
			h.busy.Inc()
		}
		return nil, err
	}
	defer h.queue.leave()
	h.done.Inc()
	return argon2.IDKey([]byte(password), salt, p.time, p.memory, p.threads, keySize), nil
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
