package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"marketplace/shared/auth"
	"marketplace/shared/fault"
)

// A POST that is sent twice must not have its effect twice. So every POST says how it takes a repeated request: it takes
// the Idempotency-Key header (TakesKey, which is replay.Post's), or it states why a repetition does no harm (WithoutKey).
// Handle panics on one that says neither.

const (
	keyHeader = "Idempotency-Key"
	maxKey    = 255

	repeatKey   = "repeat" // how the operation takes a repeated request: keyOptional, keyRequired or keyless
	keyOptional = "optional"
	keyRequired = "required"
	keyless     = "keyless"
)

var (
	errKeyRequired = fault.New(fault.Invalid, "idempotency_key_required", "Send an Idempotency-Key, so that a repeated request has one effect.").
			WithField("header."+keyHeader, "is required")
	errKey = fault.New(fault.Invalid, "invalid", "The request has invalid parts.").
		WithField("header."+keyHeader, "is 1 to 255 printable ASCII characters")
)

// Repeat is what a repeated request has in common with the first one, and no other request of the same caller.
type Repeat struct {
	Route       string            // method and path, without the API's prefix: "POST /orders/{id}/cancel"
	Key         string            // the Idempotency-Key; empty when none was sent
	Fingerprint [sha256.Size]byte // of the values in the path, the query and the body, byte for byte
}

// RepeatOf returns the Repeat of the request, once its body has been read. Without an Idempotency-Key, and in an operation
// that does not take one, it is empty.
func RepeatOf(ctx context.Context) (Repeat, error) {
	sc := scopeOf(ctx)
	if sc == nil || sc.keyed == nil {
		return Repeat{}, nil
	}
	return sc.keyed.repeat()
}

// TakesKey documents the Idempotency-Key, which the handler of the operation asks RepeatOf for.
func TakesKey(op huma.Operation) huma.Operation {
	how, _ := op.Metadata[repeatKey].(string)
	if how == "" {
		how = keyOptional
	}
	length, least := maxKey, 1
	op.Parameters = append(op.Parameters[:len(op.Parameters):len(op.Parameters)], &huma.Param{
		Name: keyHeader, In: "header", Required: how == keyRequired,
		Description: "A repeated request with the same key has no second effect: it gets the first reply again, for 24 hours. " +
			"The key is the caller's own in this route; with another path, query or body it is refused (`idempotency_key_reused`).",
		Schema: &huma.Schema{Type: huma.TypeString, MinLength: &least, MaxLength: &length},
	})
	return noted(op, repeatKey, how)
}

// KeyRequired makes an operation that takes an Idempotency-Key refuse requests without one.
func KeyRequired(op huma.Operation) huma.Operation { return noted(op, repeatKey, keyRequired) }

// WithoutKey is for a POST on which an Idempotency-Key has no effect. why is a sentence for its documentation: what a
// repeated request does.
func WithoutKey(op huma.Operation, why string) huma.Operation {
	op.Description = strings.TrimSpace(op.Description + "\n\nAn `Idempotency-Key` has no effect here. " + why)
	return noted(op, repeatKey, keyless)
}

// admitRepeat checks how an operation takes a repeated request, and returns the middleware that does so.
func (s *Server) admitRepeat(policy auth.Policy, op *huma.Operation) huma.Middlewares {
	how, decided := op.Metadata[repeatKey].(string)
	switch {
	case op.Method != http.MethodPost && decided, op.Method == http.MethodPost && !decided:
		panic(fmt.Sprintf("web: %s %s: a POST, and nothing else, says how it takes a repeated request: replay.Post or web.WithoutKey",
			op.Method, op.Path))
	case !decided || how == keyless:
		return nil
	case !policy.NeedsToken(): // or all who are not signed in would share their keys, and the replies
		panic(fmt.Sprintf("web: %s %s: a public operation cannot take an %s", op.Method, op.Path, keyHeader))
	}
	route := op.Method + " " + strings.TrimPrefix(op.Path, "/api/v1")
	return huma.Middlewares{func(h huma.Context, next func(huma.Context)) {
		gin, key := humagin.Unwrap(h), h.Header(keyHeader)
		switch {
		case key == "" && how == keyRequired:
			s.write(gin, s.refuse(h.Context(), errKeyRequired))
			return
		case !validKey(key):
			s.write(gin, s.refuse(h.Context(), errKey))
			return
		case key != "":
			scopeOf(h.Context()).keyed = s.key(gin.Request, h.Operation(), route, key)
		}
		next(h)
	}}
}

// key begins the fingerprint of a request, which goes on while its body is read.
func (s *Server) key(r *http.Request, op *huma.Operation, route, key string) *keyed {
	k := &keyed{route: route, key: key, sum: s.fingerprint(), max: op.MaxBodyBytes}
	if strings.Contains(route, "{") || r.URL.RawQuery != "" {
		_, _ = io.WriteString(k.sum, r.URL.RequestURI()+"\n")
	}
	if op.RequestBody != nil {
		k.body, r.Body = r.Body, k
	}
	return k
}

// fingerprint is keyed in a service whose bodies hold secrets: a plain hash of a password could be guessed from.
func (s *Server) fingerprint() hash.Hash {
	if len(s.options.FingerprintKey) > 0 {
		return hmac.New(sha256.New, s.options.FingerprintKey)
	}
	return sha256.New()
}

func validKey(key string) bool {
	unprintable := func(r rune) bool { return r < ' ' || r > '~' }
	return len(key) <= maxKey && !strings.ContainsFunc(key, unprintable)
}

// keyed is the body of a request with an Idempotency-Key. It takes the fingerprint of what is read.
type keyed struct {
	route, key string
	body       io.ReadCloser // nil in an operation without a body
	sum        hash.Hash
	max        int64 // bytes that are read behind what a parser wanted
	ended      error // io.EOF, or why the body was not read to its end
}

// Read is for whoever parses the body.
func (k *keyed) Read(p []byte) (int, error) {
	n, err := k.body.Read(p)
	_, _ = k.sum.Write(p[:n])
	k.ended = err
	return n, err
}

// Close reads what a parser has left, which would be in one fingerprint and not in the other, and closes the body.
func (k *keyed) Close() error {
	k.drain()
	return k.body.Close()
}

func (k *keyed) drain() {
	if k.ended == nil {
		if n, _ := io.Copy(io.Discard, io.LimitReader(k, k.max+1)); n > k.max {
			k.ended = errTail
		}
	}
}

var errTail = errors.New("too much after the end of a body")

func (k *keyed) repeat() (Repeat, error) {
	if k.body != nil {
		if k.drain(); k.ended != io.EOF { //nolint:errorlint // what readers return is io.EOF itself
			return Repeat{}, fault.New(fault.Malformed, "malformed", "The request cannot be parsed.").Wrap(k.ended)
		}
	}
	r := Repeat{Route: k.route, Key: k.key}
	k.sum.Sum(r.Fingerprint[:0])
	return r, nil
}
