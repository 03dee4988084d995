// Package handler is the processor's HTTP side: the part of Stripe's API that the marketplace uses, at the paths and in the
// encoding of Stripe, and the sandbox's own controls under /sandbox.
//
// A request that changes something goes through these steps, in this order: authentication, decoding, the claim on its
// idempotency key, validation, execution. What is refused before execution leaves nothing behind; what comes after is kept
// under the key and replayed for as long as keys are remembered (https://docs.stripe.com/api/idempotent_requests). A key under
// which something is kept is compared first, so that another request is refused for its key, whatever else is wrong with it.
// That costs nothing where nothing is refused: the key is read again only when the claim or the validation has failed.
package handler

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/payment-service/internal/sandbox/service"
	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/payment-service/internal/sandbox/wire"
)

const (
	maxBody    = 256 << 10 // of a form
	maxControl = 4 << 10   // of JSON to the sandbox itself
	maxKey     = 255
	deadline   = 15 * time.Second // of one execution, the delays of faults not counted
	inFlight   = 1024             // requests at once; more are told to come back
)

// Options is what the handler is made of.
type Options struct {
	Service   *service.Service
	Store     *store.Store
	Faults    *faults.Set
	SecretKey string
	SearchLag time.Duration
	Ready     func(context.Context) error
	Log       zerolog.Logger
}

// Handler serves the API. Close makes requests that wait on purpose give up.
type Handler struct {
	Options
	keys    inProgress
	slots   chan struct{}
	closing chan struct{}
	mux     *http.ServeMux
}

// New makes a handler.
func New(o Options) *Handler {
	h := &Handler{
		Options: o, keys: inProgress{keys: map[string]bool{}}, slots: make(chan struct{}, inFlight),
		closing: make(chan struct{}), mux: http.NewServeMux(),
	}
	h.routes()
	return h
}

// Close is called once, before the server shuts down.
func (h *Handler) Close() { close(h.closing) }

func (h *Handler) routes() {
	h.execute("POST /v1/payment_intents", intentParams, h.createIntent)
	h.execute("POST /v1/payment_intents/{id}/confirm", confirmParams, h.confirmIntent)
	h.execute("POST /v1/payment_intents/{id}/cancel", cancelParams, h.cancelIntent)
	h.execute("POST /v1/refunds", refundParams, h.createRefund)
	h.read("GET /v1/payment_intents", listParams, h.listIntents)
	h.read("GET /v1/payment_intents/search", searchParams, h.searchIntents)
	h.read("GET /v1/payment_intents/{id}", getParams, h.getIntent)
	h.read("GET /v1/disputes", disputeListParams, h.listDisputes)
	h.read("GET /v1/refunds", refundListParams, h.listRefunds)
	h.read("GET /v1/refunds/{id}", getParams, h.getRefund)
	h.mux.Handle("/v1/", h.guarded(func(w http.ResponseWriter, r *http.Request) {
		h.refuse(w, r, &processor.Error{
			Status: 404, Type: processor.TypeInvalidRequest, Message: "Unrecognized request URL (" + r.Method + "). The sandbox implements a part of Stripe's API.",
		})
	}))
	h.controls()
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

// guarded admits a bounded number of requests with the right key.
func (h *Handler) guarded(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Request-Id", service.NewID("req"))
		w.Header().Set("Stripe-Version", version(r))
		select {
		case h.slots <- struct{}{}:
			defer func() { <-h.slots }()
		default:
			h.refuse(w, r, &processor.Error{
				Status: 429, Type: processor.TypeInvalidRequest, Code: "rate_limit", Message: "Too many requests at once.",
			})
			return
		}
		if !h.authenticated(r) {
			w.Header().Set("WWW-Authenticate", `Basic realm="Stripe"`)
			h.refuse(w, r, &processor.Error{
				Status: 401, Type: processor.TypeInvalidRequest, Message: "The API key is missing or wrong.",
			})
			return
		}
		next(w, r)
	})
}

func (h *Handler) authenticated(r *http.Request) bool {
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		key, _, _ = r.BasicAuth()
	}
	// Hashed first, so that neither content nor length shows in the time.
	got, want := sha256.Sum256([]byte(strings.TrimSpace(key))), sha256.Sum256([]byte(h.SecretKey))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, e *processor.Error) {
	h.write(w, service.ErrorReply(e, w.Header().Get("Request-Id"), base(r)))
}

func (h *Handler) write(w http.ResponseWriter, reply store.Reply) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-cache, no-store")
	w.WriteHeader(reply.Status)
	_, _ = w.Write(reply.Body)
}

// fail answers whatever went wrong: a refusal as it is, anything else as a failure of the processor that is logged here.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	if refusal, ok := errors.AsType[*processor.Error](err); ok {
		h.refuse(w, r, refusal)
		return
	}
	h.Log.Error().Err(err).Str("request_id", w.Header().Get("Request-Id")).Str("path", r.URL.Path).Msg("request failed")
	h.refuse(w, r, service.Broken())
}

func version(r *http.Request) string {
	if v := r.Header.Get("Stripe-Version"); v != "" {
		return v
	}
	return wire.APIVersion
}

func base(r *http.Request) string { return "http://" + r.Host }

func fingerprint(parts ...string) (sum [32]byte) {
	h := sha256.New()
	for _, p := range parts {
		s := sha256.Sum256([]byte(p))
		h.Write([]byte(hex.EncodeToString(s[:])))
	}
	h.Sum(sum[:0])
	return sum
}
