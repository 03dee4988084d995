package handler

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/form"
	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/payment-service/internal/sandbox/service"
	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/payment-service/internal/sandbox/wire"
)

// call is one decoded request that changes something.
type call struct {
	service.Request
	values form.Values
	id     string // the path's
}

// execute registers a route that changes something.
func (h *Handler) execute(pattern string, params []string, do func(context.Context, call) (store.Reply, error)) {
	h.mux.Handle(pattern, h.guarded(func(w http.ResponseWriter, r *http.Request) {
		c, about, refusal := h.decode(w, r, params)
		if c.Key != "" {
			w.Header().Set("Idempotency-Key", c.Key)
			if !h.keys.enter(c.Key) {
				h.refuse(w, r, &processor.Error{
					Status: 409, Type: processor.TypeIdempotency, Code: "idempotency_key_in_use",
					Message: "Another request with this idempotency key is in progress. Try again when it has ended.",
				})
				return
			}
			defer h.keys.leave(c.Key)
		}
		if refusal != nil {
			h.run(w, r, c, func(context.Context, call) (store.Reply, error) { return store.Reply{}, refusal })
			return
		}
		c.Plan = h.Faults.Plan(about)
		h.run(w, r, c, do)
	}))
}

// run executes a request. It goes on when the caller hangs up: money does not notice.
func (h *Handler) run(w http.ResponseWriter, r *http.Request, c call, do func(context.Context, call) (store.Reply, error)) {
	if c.Plan.DropBefore {
		drop()
	}
	h.pause(w, c.Plan.DelayBefore)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), deadline)
	defer cancel()
	reply, err := do(ctx, c)
	if errors.Is(err, store.ErrKeyTaken) || c.Key != "" && notExecuted(err) {
		reply, err = h.replay(ctx, w, c, err)
	}
	h.pause(w, c.Plan.DelayAfter)
	switch {
	case c.Plan.DropAfter:
		drop()
	case err != nil:
		h.fail(w, r, err)
	default:
		h.write(w, reply)
	}
}

// notExecuted says whether the request was refused before its execution began, so that nothing is kept of it.
func notExecuted(err error) bool {
	refusal, ok := errors.AsType[*processor.Error](err)
	return ok && !refusal.Executed
}

// replay answers with what the first request with this key was told. A key is compared before a request is validated, so what
// is kept goes before a refusal; the refusal stands when nothing is kept.
func (h *Handler) replay(ctx context.Context, w http.ResponseWriter, c call, refusal error) (store.Reply, error) {
	saved, err := h.Store.SavedReply(ctx, c.Key)
	if errors.Is(err, store.ErrNotFound) {
		return store.Reply{}, refusal
	}
	if err != nil {
		return store.Reply{}, err
	}
	if saved.Fingerprint != c.Fingerprint {
		return store.Reply{}, &processor.Error{
			Status: 400, Type: processor.TypeIdempotency,
			Message: "This idempotency key was first used with other parameters. Use another key for another request.",
		}
	}
	w.Header().Set("Idempotent-Replayed", "true")
	w.Header().Set("Original-Request", saved.RequestID)
	return saved.Reply, nil
}

// decode reads a request. What can be known of its key and its fingerprint is returned with a refusal too.
func (h *Handler) decode(w http.ResponseWriter, r *http.Request, params []string) (c call, about faults.Subject, refusal *processor.Error) {
	key := r.Header.Get("Idempotency-Key")
	if len(key) > maxKey || !printable(key) {
		return c, about, processor.Invalid("", "", "An idempotency key has at most %d printable characters.", maxKey)
	}
	c.ID, c.Key, c.Base = w.Header().Get("Request-Id"), key, base(r)
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return c, about, processor.Invalid("", "", "The request's body is too large or broke off.")
	}
	c.Fingerprint = fingerprint(r.Method, r.URL.Path, string(body))
	if c.values, refusal = form.Parse(string(body)); refusal != nil {
		return c, about, refusal
	}
	c.Fingerprint = fingerprint(r.Method, r.URL.Path, c.values.Canonical())
	if refusal = c.values.Only(params...); refusal != nil {
		return c, about, refusal
	}
	metadata, refusal := c.values.Metadata()
	if refusal != nil {
		return c, about, refusal
	}
	c.id, c.Expand = r.PathValue("id"), wire.Expand(c.values.List("expand"))
	return c, faults.Subject{
		Method: r.Method, Path: r.URL.Path, Metadata: metadata, PaymentMethod: c.values.String("payment_method"), IdempotencyKey: key,
	}, nil
}

// pause waits on purpose, unless the process stops, and gives the reply's deadline the same time more.
func (h *Handler) pause(w http.ResponseWriter, d time.Duration) {
	if d <= 0 {
		return
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(d + 2*deadline))
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-h.closing:
	}
}

// drop cuts the connection without a reply.
func drop() { panic(http.ErrAbortHandler) }

func printable(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// inProgress is the keys of the requests that this process executes now. Across processes the key's row holds.
type inProgress struct {
	mu   sync.Mutex
	keys map[string]bool
}

func (p *inProgress) enter(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.keys[key] {
		return false
	}
	p.keys[key] = true
	return true
}

func (p *inProgress) leave(key string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.keys, key)
}
