package handler

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"time"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/payment-service/internal/sandbox/service"
	"marketplace/payment-service/internal/sandbox/store"
	"marketplace/shared/strictjson"
)

// controls are the sandbox's own routes. They ask for the secret key as the API does, and for a JSON content type, which a web
// page cannot send to another origin without being asked for first: a page in a developer's browser must not change what the
// processor does.
func (h *Handler) controls() {
	h.command("POST /sandbox/faults", h.addFault)
	h.mux.Handle("GET /sandbox/faults", h.guarded(func(w http.ResponseWriter, _ *http.Request) {
		h.writeJSON(w, http.StatusOK, map[string]any{"items": h.Faults.Rules()})
	}))
	h.mux.Handle("DELETE /sandbox/faults", h.guarded(func(w http.ResponseWriter, _ *http.Request) {
		h.Faults.Clear()
		w.WriteHeader(http.StatusNoContent)
	}))
	h.command("POST /sandbox/payment_intents/{id}/authenticate", h.authenticate)
	h.command("POST /sandbox/payment_intents/{id}/refund", h.refundAtConsole)
	h.command("POST /sandbox/payment_intents/{id}/dispute", h.dispute)
	h.mux.HandleFunc("GET /health/live", func(w http.ResponseWriter, _ *http.Request) {
		h.writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	h.mux.HandleFunc("GET /health/ready", h.ready)
}

// command is a route of the sandbox's own that changes something and takes JSON.
func (h *Handler) command(pattern string, do http.HandlerFunc) {
	h.mux.Handle(pattern, h.guarded(func(w http.ResponseWriter, r *http.Request) {
		if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
			h.refuse(w, r, &processor.Error{
				Status: http.StatusUnsupportedMediaType, Type: processor.TypeInvalidRequest,
				Message: "This route takes JSON: Content-Type must be application/json.",
			})
			return
		}
		do(w, r)
	}))
}

func (h *Handler) addFault(w http.ResponseWriter, r *http.Request) {
	var rule faults.Rule
	if !h.readJSON(w, r, &rule) {
		return
	}
	added, err := h.Faults.Add(rule)
	if err != nil {
		h.writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": err.Error()})
		return
	}
	h.Log.Info().Int("rule", added.ID).Str("effect", added.Effect).Int("count", added.Count).Msg("a fault is in force")
	h.writeJSON(w, http.StatusCreated, added)
}

// authenticate is what the shopper and the bank do in a browser: {"outcome": "succeeded"} or {"outcome": "failed"}.
func (h *Handler) authenticate(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Outcome string `json:"outcome"`
	}
	if !h.readJSON(w, r, &in) {
		return
	}
	if in.Outcome != "succeeded" && in.Outcome != "failed" {
		h.writeJSON(w, http.StatusUnprocessableEntity, map[string]string{"error": "outcome must be succeeded or failed"})
		return
	}
	h.control(w, r, func(ctx context.Context, rq service.Request, id string) (store.Reply, error) {
		return h.Service.Authenticate(ctx, rq, id, in.Outcome == "succeeded")
	})
}

// refundAtConsole is a person at the processor's own console who gives money back: {"amount": 100}, or everything that is left
// without an amount. Such a refund has no metadata.
func (h *Handler) refundAtConsole(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Amount int64 `json:"amount"`
	}
	if h.readJSON(w, r, &in) {
		h.control(w, r, func(ctx context.Context, rq service.Request, id string) (store.Reply, error) {
			return h.Service.Refund(ctx, rq, id, processor.NewRefund{Amount: in.Amount})
		})
	}
}

// dispute is what a cardholder's bank does: {"status": "needs_response"} begins one, "won" and "lost" end it.
func (h *Handler) dispute(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Status processor.DisputeStatus `json:"status"`
	}
	if h.readJSON(w, r, &in) {
		h.control(w, r, func(ctx context.Context, rq service.Request, id string) (store.Reply, error) {
			return h.Service.Dispute(ctx, rq, id, in.Status)
		})
	}
}

func (h *Handler) control(w http.ResponseWriter, r *http.Request, do func(context.Context, service.Request, string) (store.Reply, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), deadline)
	defer cancel()
	rq := service.Request{ID: w.Header().Get("Request-Id"), Base: base(r)}
	reply, err := do(ctx, rq, r.PathValue("id"))
	if err != nil {
		h.fail(w, r, err)
		return
	}
	h.write(w, reply)
}

func (h *Handler) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	if err := h.Ready(ctx); err != nil {
		h.writeJSON(w, http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "database": "away"})
		return
	}
	h.writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

func (h *Handler) readJSON(w http.ResponseWriter, r *http.Request, into any) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxControl))
	if err == nil {
		err = strictjson.Defaults.Valid(body, strictjson.WithoutNull())
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err != nil || dec.Decode(into) != nil {
		h.refuse(w, r, processor.Invalid("", "", "The body is not the JSON that this route takes."))
		return false
	}
	return true
}

func (h *Handler) writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil { // all of them are strings and numbers
		panic(err)
	}
	h.write(w, store.Reply{Status: status, Body: body})
}
