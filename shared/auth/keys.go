package auth

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	refreshEvery = 5 * time.Minute
	refreshLeast = time.Second           // between two reads, however many tokens come with unknown keys
	firstLeast   = 50 * time.Millisecond // the same while there is no key at all: every token is refused until there is
	fetchTimeout = 2 * time.Second
)

// remoteKeys holds the public keys of a JWKS address. Keys that were read once stay while the address is away.
type remoteKeys struct {
	url      string
	client   *http.Client
	known    atomic.Pointer[map[string]ed25519.PublicKey]
	fetching singleflight.Group
	fetched  atomic.Int64 // when the last read began, Unix ns
	changed  func()       // called after a key has gone
}

func newRemoteKeys(url string, changed func()) *remoteKeys {
	return &remoteKeys{url: url, changed: changed, client: &http.Client{
		Timeout: fetchTimeout,
		// The address is configured and trusted; where it would send us is not.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// run reads the keys now, again and again until that works, and then every few minutes.
func (r *remoteKeys) run(ctx context.Context) {
	for {
		wait := refreshEvery
		if err := r.refresh(ctx); err != nil {
			wait = r.least()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// get returns a key, reading the address again when it is unknown.
func (r *remoteKeys) get(ctx context.Context, kid string) (ed25519.PublicKey, error) {
	if key, ok := r.lookup(kid); ok {
		return key, nil
	}
	err := r.refresh(ctx)
	key, ok := r.lookup(kid)
	switch {
	case ok:
		return key, nil
	case r.known.Load() == nil:
		return nil, errNoKeys.Wrap(err)
	default:
		return nil, errUnknownKey
	}
}

func (r *remoteKeys) lookup(kid string) (ed25519.PublicKey, bool) {
	known := r.known.Load()
	if known == nil {
		return nil, false
	}
	key, ok := (*known)[kid]
	return key, ok
}

func (r *remoteKeys) least() time.Duration {
	if r.known.Load() == nil {
		return firstLeast
	}
	return refreshLeast
}

// refresh reads the address, once for all who ask at the same time, and not again at once.
func (r *remoteKeys) refresh(ctx context.Context) error {
	done := r.fetching.DoChan("", func() (any, error) {
		if time.Since(time.Unix(0, r.fetched.Load())) < r.least() {
			return nil, fmt.Errorf("read a moment ago")
		}
		r.fetched.Store(time.Now().UnixNano())
		return nil, r.fetch(context.WithoutCancel(ctx)) // others wait for it too
	})
	select {
	case result := <-done:
		return result.Err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *remoteKeys) fetch(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.url, nil)
	if err != nil {
		return err
	}
	res, err := r.client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s replied %s", r.url, res.Status)
	}
	document, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return err
	}
	keys, err := decodeKeys(document)
	if err != nil {
		return err
	}
	before := r.known.Swap(&keys)
	if before != nil && !contains(keys, *before) {
		r.changed()
	}
	return nil
}

// contains says whether every key of old is still there unchanged.
func contains(keys, old map[string]ed25519.PublicKey) bool {
	for kid, key := range old {
		if now, ok := keys[kid]; !ok || !now.Equal(key) {
			return false
		}
	}
	return true
}
