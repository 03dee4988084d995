package handler

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"marketplace/payment-service/internal/sandbox/faults"
	"marketplace/payment-service/internal/sandbox/processor"
	"marketplace/payment-service/internal/sandbox/service"
	"marketplace/payment-service/internal/sandbox/store"
)

// controls are the sandbox's own routes. They ask for no key: the sandbox moves no money and refuses to run in production.
func (h *Handler) controls() {
	h.mux.HandleFunc("POST /sandbox/faults", h.addFault)
	h.mux.HandleFunc("GET /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		h.writeJSON(w, http.StatusOK, map[string]any{"items": h.Faults.Rules()})
	})
	h.mux.HandleFunc("DELETE /sandbox/faults", func(w http.ResponseWriter, _ *http.Request) {
		h.Faults.Clear()
		w.WriteHeader(http.StatusNoContent)
	})
	h.mux.HandleFunc("POST /sandbox/payment_intents/{id}/authenticate", h.authenticate)
	h.mux.HandleFunc("GET /health/live", func(w http.ResponseWriter, _ *http.Request) {
		h.writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	h.mux.HandleFunc("GET /health/ready", h.ready)
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
	ctx, cancel := context.WithTimeout(r.Context(), deadline)
	defer cancel()
	rq := service.Request{ID: service.NewID("req"), Base: base(r)}
	w.Header().Set("Request-Id", rq.ID)
	reply, err := h.Service.Authenticate(ctx, rq, r.PathValue("id"), in.Outcome == "succeeded")
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
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil {
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
