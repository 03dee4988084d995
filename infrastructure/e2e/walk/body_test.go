package walk

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
)

// null is not absence: an optional field takes it only where the schema says so (point 1).
func (w *walk) null(t *testing.T) {
	clears := 0
	w.each(t, withBody, func(t *testing.T, o *operation) {
		body := sample(o.body(), nil)
		wantWrong(t, w.send(t, o, request{body: "null"}), "body", "null")
		for _, f := range fields(o.body()) {
			reply := w.send(t, o, request{body: f.in(body, nil)})
			switch {
			case len(f.schema.Type) == 0: // anything is allowed
			case !f.schema.is("null"):
				wantWrong(t, reply, f.location(), "null")
			case reply.Status == http.StatusUnprocessableEntity:
				clears++
				require.NotContains(t, wrong(t, reply), f.location(), "%s", reply)
			default:
				clears++
			}
		}
	})
	require.Positive(t, clears, "fields that null clears")
}

// Text that can be read in two ways is refused before it is decoded (point 2).
func (w *walk) unicode(t *testing.T) {
	w.each(t, withBody, func(t *testing.T, o *operation) {
		for _, f := range fields(o.body()) {
			name, ok := f.path[0].(string)
			if !ok || len(f.path) > 1 {
				continue
			}
			for what, body := range map[string]string{
				"invalid UTF-8":  "{%q:\"\xff\"}",
				"cut UTF-8":      "{%q:\"\xe2\x82\"}",
				"lone surrogate": `{%q:"\ud800"}`,
				"low surrogate":  `{%q:"a\udc00b"}`,
				"repeated name":  `{%[1]q:1,%[1]q:2}`,
			} {
				reply := w.send(t, o, request{body: fmt.Sprintf(body, name)})
				require.Equal(t, http.StatusBadRequest, reply.Status, "%s in %s: %s", what, name, reply.Body)
			}
		}
	})
}

// No reply grows with its input (point 11).
func (w *walk) bounds(t *testing.T) {
	const small = 8 << 10
	w.each(t, func(o *operation) bool { return o.RequestBody != nil }, func(t *testing.T, o *operation) {
		require.Positive(t, o.MaxBody, "the document tells no limit of the body")
		long := `{"a":"` + strings.Repeat("x", o.MaxBody-7) + `"}`
		w.send(t, o, request{body: long}).Want(t, http.StatusRequestEntityTooLarge)
		if o.body() == nil {
			return
		}
		var unknown []string
		for i := range min(1000, o.MaxBody/12) {
			unknown = append(unknown, fmt.Sprintf(`"a%d":1`, i))
		}
		reply := w.send(t, o, request{body: "{" + strings.Join(unknown, ",") + "}"}).Want(t, http.StatusUnprocessableEntity)
		require.Less(t, len(reply.Body), small, "the reply to unknown fields")
		body := sample(o.body(), nil)
		for _, f := range fields(o.body()) {
			if !f.schema.is("array") {
				continue
			}
			most := 100
			if f.schema.MaxItems != nil {
				most = *f.schema.MaxItems
			}
			reply := w.send(t, o, request{body: f.in(body, make([]struct{}, most+1))})
			wantWrong(t, reply, f.location(), "too many items")
			require.Less(t, len(reply.Body), small, "the reply to too many items")
		}
	})
}

// Content types compare as RFC 9110 says, and a coded body is refused with what would be accepted (point 6).
func (w *walk) contentTypes(t *testing.T) {
	typed := func(value string) []client.Header { return []client.Header{{Name: "Content-Type", Value: value}} }
	w.each(t, withBody, func(t *testing.T, o *operation) {
		for _, accepted := range []string{"Application/JSON ; charset=UTF-8", "application/json;charset=utf-8"} {
			reply := w.send(t, o, request{body: `{"no":1}`, headers: typed(accepted)})
			require.Equal(t, http.StatusUnprocessableEntity, reply.Status, "%s: %s", accepted, reply.Body)
		}
		for _, refused := range []string{"text/plain", "application/json; charset=latin1", "application/x-www-form-urlencoded"} {
			reply := w.send(t, o, request{body: `{"no":1}`, headers: typed(refused)})
			require.Equal(t, http.StatusUnsupportedMediaType, reply.Status, "%s: %s", refused, reply.Body)
		}
		reply := w.send(t, o, request{body: `{}`, headers: []client.Header{{Name: "Content-Encoding", Value: "gzip"}}}).
			Want(t, http.StatusUnsupportedMediaType)
		require.NotEmpty(t, reply.Header.Get("Accept-Encoding"))
	})
}
