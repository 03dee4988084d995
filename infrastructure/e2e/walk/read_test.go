package walk

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
)

func isGet(o *operation) bool { return o.Method == http.MethodGet }

func isList(o *operation) bool { return isGet(o) && o.has("query", "cursor") }

// idsFor are ids in the operation's path of things that exist: those that the list above names first.
func (w *walk) idsFor(t *testing.T, o *operation) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, p := range o.in("path") {
		if found[p.Name] = w.known[p.Name]; found[p.Name] != "" {
			continue
		}
		before, _, _ := strings.Cut(o.Path, "/{"+p.Name+"}")
		for name, id := range found {
			before = strings.ReplaceAll(before, "{"+name+"}", id)
		}
		found[p.Name] = w.first(t, before, p.Name)
	}
	return found
}

// first is the id of the first item of a list; empty when there is none.
func (w *walk) first(t *testing.T, path, name string) string {
	t.Helper()
	reply := w.person.Do(t, http.MethodGet, path, nil)
	var list struct{ Items []map[string]any }
	if reply.Status != http.StatusOK || json.Unmarshal(reply.Body, &list) != nil || len(list.Items) == 0 {
		return ""
	}
	for _, field := range []string{name, "id"} {
		if id, ok := list.Items[0][field].(string); ok {
			return id
		}
	}
	return ""
}

// A cursor that the list has not given out is refused, never an empty page (point 5).
func (w *walk) cursors(t *testing.T) {
	given := map[string]string{}
	for _, o := range w.operations {
		if !isList(o) {
			continue
		}
		var page struct {
			NextCursor string `json:"next_cursor"`
		}
		w.send(t, o, request{ids: w.idsFor(t, o), query: "limit=1"}).Want(t, http.StatusOK).Into(t, &page)
		if page.NextCursor != "" {
			given[o.name()] = page.NextCursor
			again := w.send(t, o, request{ids: w.idsFor(t, o), query: "limit=1&cursor=" + page.NextCursor})
			require.Equal(t, http.StatusOK, again.Status, "%s: %s", o.name(), again.Body)
		}
	}
	require.Greater(t, len(given), 5, "lists with a second page: %v", slices.Sorted(maps.Keys(given)))

	encoded := base64.RawURLEncoding.EncodeToString
	w.each(t, isList, func(t *testing.T, o *operation) {
		bad := map[string]string{
			"null": "null", "an object": "{}", "encoded null": encoded([]byte("null")), "an encoded object": encoded([]byte("{}")),
			"an encoded list": encoded([]byte("[]")), "rubbish": "rubbish", "an id": unknownID, "padding": "bnVsbA==",
			"too long": strings.Repeat("a", 4000),
		}
		for name, cursor := range given {
			if name != o.name() {
				bad["the cursor of "+name] = cursor
			}
		}
		if own := given[o.name()]; own != "" {
			bad["a changed cursor"], bad["a cut cursor"] = own+"A", own[:len(own)-2]
		}
		for what, cursor := range bad {
			reply := w.send(t, o, request{ids: w.idsFor(t, o), query: "cursor=" + url.QueryEscape(cursor)})
			require.Equal(t, http.StatusUnprocessableEntity, reply.Status, "%s: %s", what, reply.Body)
			reply.WantProblem(t, http.StatusUnprocessableEntity, "cursor_invalid")
		}
	})
}

// ofOneReply are headers that differ between two replies to the same request.
var ofOneReply = []string{"Date", "X-Request-Id", "Traceparent"}

// HEAD is GET without a body, and an ETag that was given makes 304 (point 6).
func (w *walk) reads(t *testing.T) {
	plain := client.Header{Name: "Accept-Encoding", Value: "identity"}
	tags := 0
	w.each(t, isGet, func(t *testing.T, o *operation) {
		r := request{ids: w.idsFor(t, o), headers: []client.Header{plain}}
		got := w.send(t, o, r)
		require.Equal(t, http.StatusOK, got.Status, "%s", got.Body)
		head := w.sendAs(t, http.MethodHead, o, r)
		require.Equal(t, got.Status, head.Status)
		require.Empty(t, head.Body)
		for _, name := range ofOneReply {
			got.Header.Del(name)
			head.Header.Del(name)
		}
		require.Equal(t, got.Header, head.Header)

		tag := got.Header.Get("ETag")
		if tag == "" {
			return
		}
		tags++
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			for _, sent := range []string{tag, "W/" + strings.TrimPrefix(tag, "W/"), `"other", ` + tag, "*"} {
				r.headers = []client.Header{plain, {Name: "If-None-Match", Value: sent}}
				again := w.sendAs(t, method, o, r)
				require.Equal(t, http.StatusNotModified, again.Status, "If-None-Match: %s: %s", sent, again.Body)
				require.Empty(t, again.Body)
				require.Equal(t, tag, again.Header.Get("ETag"))
			}
			r.headers = []client.Header{plain, {Name: "If-None-Match", Value: `"other"`}}
			w.sendAs(t, method, o, r).Want(t, http.StatusOK)
		}
	})
	require.Positive(t, tags, "operations with an ETag")
}
