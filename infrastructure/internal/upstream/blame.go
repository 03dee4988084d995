package upstream

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// A breaker counts what the instance is to blame for, and nothing that a client can cause: otherwise whoever sends five bad
// requests takes the instance away from everybody.

// errNotTheirs is told to a breaker when a request failed through no fault of the instance.
var errNotTheirs = errors.New("not the instance's fault")

// ErrClientBody wraps an error of reading the client's body, which looks like any other failure of a round trip.
var ErrClientBody = errors.New("reading the client's body")

// lookTime is how long an instance has to say that it is ready.
const lookTime = time.Second

// Body is a request's body that comes from the client while it is sent. The request's own body cannot be asked, since what lies
// between wraps it.
type Body interface {
	Stalls() bool // the client is what the request waits for, or has given up
	Whole() bool  // all of it has been read
}

type bodyKey struct{}

// WithBody is for a request with such a body.
func WithBody(ctx context.Context, body Body) context.Context {
	return context.WithValue(ctx, bodyKey{}, body)
}

// blame is what a breaker counts of a request that failed with err, nil when it did not. An instance that cannot be reached is to blame. So is one
// that breaks a connection, unless the body was still coming: it may close after an early reply. A time-out says that the
// request took too long or that the instance hangs, so the instance is asked: one that says it is ready goes on, unless it has replied to
// nobody while the requests of several clients ran out of time (silence).
func (p *Pool) blame(base http.RoundTripper, i *instance, r *http.Request, err error) error {
	cause := context.Cause(r.Context())
	body, coming := r.Context().Value(bodyKey{}).(Body)
	switch {
	case err == nil:
		i.silence.broken()
		return nil
	case errors.Is(err, ErrClientBody), errors.Is(cause, context.Canceled):
		return errNotTheirs // the client has left, or its body does not come
	case unsent(err):
		return err
	case coming && body.Stalls():
		return errNotTheirs
	case cause != nil:
		if hangs := i.silence.goesOn(r.Context()); p.ready(base, i) && !hangs {
			return errNotTheirs
		}
		return err
	case coming && !body.Whole():
		return errNotTheirs
	default:
		return err
	}
}

// ready asks an instance whether it is. All who want to know at the same time ask once.
func (p *Pool) ready(base http.RoundTripper, i *instance) bool {
	ready, _, _ := i.looking.Do("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.Background(), lookTime)
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+i.addr+"/health/ready", http.NoBody)
		if err != nil {
			return false, err
		}
		reply, err := base.RoundTrip(r)
		if err != nil {
			return false, err
		}
		_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, 64<<10)) // or the connection is not kept
		return reply.StatusCode == http.StatusOK, reply.Body.Close()
	})
	return ready == true
}
