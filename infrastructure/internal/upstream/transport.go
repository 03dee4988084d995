package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
)

// Transport is an http.RoundTripper for URLs whose host is a service's name.
type Transport struct {
	base  http.RoundTripper
	pools map[string]*Pool
}

// NewTransport sends over base to the pools, by service.
func NewTransport(base http.RoundTripper, pools map[string]*Pool) *Transport {
	return &Transport{base: base, pools: pools}
}

// RoundTrip sends r to an instance of its service. Errors are faults where they mean something to the client.
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	pool, err := t.pool(r)
	if err != nil {
		return nil, err
	}
	reply, err := pool.roundTrip(t.base, r)
	switch {
	case err == nil:
		return reply, nil
	case errors.Is(err, ErrClientBody), errors.Is(err, Away):
		return nil, err
	case r.Context().Err() != nil:
		return nil, fmt.Errorf("%s: %w", pool.service, context.Cause(r.Context()))
	case harmless(r, err):
		return nil, Away.Wrap(err)
	default:
		return nil, Broken.Wrap(err)
	}
}

func (t *Transport) pool(r *http.Request) (*Pool, error) {
	pool, ok := t.pools[r.URL.Host]
	if !ok {
		return nil, fmt.Errorf("no service is called %q", r.URL.Host)
	}
	return pool, nil
}

// directed is a copy of r for one instance. The base transport closes a body when it fails to connect; the copy keeps
// the original open for another try.
func directed(r *http.Request, addr string) (*http.Request, error) {
	out := r.WithContext(r.Context())
	address := *r.URL
	address.Host = addr
	out.URL = &address
	switch {
	case r.GetBody != nil:
		body, err := r.GetBody()
		if err != nil {
			return nil, err
		}
		out.Body = body
	case r.Body != nil && r.Body != http.NoBody:
		out.Body = io.NopCloser(r.Body)
	}
	return out, nil
}

var reads = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

// harmless says whether r, which failed with err, has certainly changed nothing.
func harmless(r *http.Request, err error) bool {
	return slices.Contains(reads, r.Method) || unsent(err)
}

// unsent says that no connection came about, so that nothing of the request left this process.
func unsent(err error) bool {
	failed, ok := errors.AsType[*net.OpError](err)
	return ok && failed.Op == "dial"
}

// repeatable says whether another instance may get r: it did no harm, somebody still waits, and its body is whole.
func repeatable(r *http.Request, err error) bool {
	whole := unsent(err) || r.GetBody != nil || r.Body == nil || r.Body == http.NoBody
	return whole && r.Context().Err() == nil && harmless(r, err)
}
