package walk

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
)

// A POST with an Idempotency-Key that is sent twice has one effect and one reply, or its documentation says that the key has no
// effect (point 8). The ids are those of things that exist, so that some of the requests do something.
//
// Each does something but those in mayBeRefused: of a request that is refused it cannot be seen whether its effect is repeated.
func (w *walk) keys(t *testing.T) {
	w.Anyone().Register(t) // the newest user, who is blocked on the way
	maps.Copy(w.known, map[string]string{"sku": "keys", "code": "KEYS", "current_password": client.Password})
	refused := map[string]bool{}
	w.each(t, func(o *operation) bool { return o.Method == http.MethodPost }, func(t *testing.T, o *operation) {
		if !o.has("header", "Idempotency-Key") {
			require.Contains(t, o.Description, "An `Idempotency-Key` has no effect here. ", "the route says nothing of the key")
			return
		}
		w.another(t, o)
		r := request{ids: w.idsFor(t, o), body: w.bodyOf(o), headers: []client.Header{client.Key(), {Name: "If-Match", Value: "*"}}}
		first, again := w.send(t, o, r), w.send(t, o, r)
		require.Equal(t, first.Status, again.Status, "%s, then %s", first, again)
		if first.Status >= http.StatusBadRequest {
			require.Equal(t, withoutTrace(t, first), withoutTrace(t, again))
			require.Contains(t, mayBeRefused, o.name(), "refused, and not listed: %s", first)
			first.WantProblem(t, first.Status, mayBeRefused[o.name()].code)
			refused[o.name()] = true
			return
		}
		require.Equal(t, string(first.Body), string(again.Body))
		for _, name := range []string{"Location", "ETag"} {
			require.Equal(t, first.Header.Get(name), again.Header.Get(name), name)
		}
		w.otherBody(t, o, r)
	})
	for name, refusal := range mayBeRefused {
		require.True(t, refused[name], "%s is listed as refused, because %s, and is not refused or not in the document", name, refusal.because)
	}
}

// mayBeRefused are the POSTs that the walk cannot bring to do something, with the code of the problem that they get instead.
var mayBeRefused = map[string]struct{ code, because string }{
	"POST /api/v1/payments/{id}/refunds":                     {"own_payment", "all orders of the walk are its one person's own"},
	"POST /api/v1/payments/{id}/refunds/{refund_id}/confirm": {"not_found", "there is no refund"},
	"POST /api/v1/payments/{id}/refunds/{refund_id}/reject":  {"not_found", "there is no refund"},
	"POST /api/v1/payments/{id}/refunds/{refund_id}/settle":  {"not_found", "there is no refund"},
	"POST /api/v1/shipments/{id}/deliver":                    {"not_dispatched", "it comes before the dispatch"},
}

// another makes something new where the operation is about one thing of many that a POST makes: what an earlier operation has
// closed is no longer the newest.
func (w *walk) another(t *testing.T, o *operation) {
	t.Helper()
	collection, _, found := strings.Cut(o.Path, "/{")
	if !found {
		return
	}
	for _, made := range w.operations {
		if made.Method == http.MethodPost && made.Path == collection {
			w.send(t, made, request{body: w.bodyOf(made)}).Want(t, http.StatusCreated)
		}
	}
}

// bodyOf is a body about things that exist.
func (w *walk) bodyOf(o *operation) any {
	if o.body() == nil {
		return nil
	}
	return sample(o.body(), w.known)
}

// otherBody sends another request with a key that has been used.
func (w *walk) otherBody(t *testing.T, o *operation, r request) {
	t.Helper()
	for _, f := range fields(o.body()) {
		if f.schema.Text != "" && !strings.Contains(f.schema.Pattern, "^") {
			r.body = f.in(r.body, "another walk")
			w.send(t, o, r).WantProblem(t, http.StatusUnprocessableEntity, "idempotency_key_reused")
			return
		}
	}
}

// withoutTrace is a reply's body without what differs from one problem to the next.
func withoutTrace(t *testing.T, r client.Reply) any {
	t.Helper()
	if len(r.Body) == 0 || !strings.Contains(r.Header.Get("Content-Type"), "json") {
		return string(r.Body)
	}
	var body any
	require.NoError(t, json.Unmarshal(r.Body, &body), "%s", r.Body)
	if problem, ok := body.(map[string]any); ok {
		delete(problem, "trace_id")
	}
	return body
}
