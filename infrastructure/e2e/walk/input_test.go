package walk

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// otherSpellings name the same thing as unknownID to a lenient parser, or are rubbish that PostgreSQL refuses.
var otherSpellings = map[string]string{
	"a URN":        "urn:uuid:" + unknownID,
	"capitals":     strings.ToUpper("01890000-0000-7000-8000-00000000abcd"),
	"braces":       "{" + unknownID + "}",
	"no dashes":    strings.ReplaceAll(unknownID, "-", ""),
	"rubbish":      "rubbish",
	"a quote":      "'",
	"a space":      unknownID + " ",
	"too long":     unknownID + "0",
	"no character": "\x00",
}

// An id has one spelling: in a path any other is 404, elsewhere 422 (point 3).
func (w *walk) ids(t *testing.T) {
	inPaths, inQueries, inBodies := 0, 0, 0
	w.each(t, every, func(t *testing.T, o *operation) {
		for what, spelling := range otherSpellings {
			for _, p := range o.in("path") {
				if p.Schema.isID() {
					inPaths++
					reply := w.send(t, o, request{ids: map[string]string{p.Name: spelling}, body: bodyFor(o)})
					require.Equal(t, http.StatusNotFound, reply.Status, "%s in {%s}: %s", what, p.Name, reply.Body)
				}
			}
			for _, p := range o.in("query") {
				if p.Schema.isID() || p.Schema.Items != nil && p.Schema.Items.isID() {
					inQueries++
					wantQueryWrong(t, w, o, p.Name, spelling)
				}
			}
			for _, f := range fields(o.body()) {
				if f.schema.isID() {
					inBodies++
					wantWrong(t, w.send(t, o, request{body: f.in(sample(o.body(), nil), spelling)}), f.location(), spelling)
				}
			}
		}
	})
	require.Positive(t, inPaths)
	require.Positive(t, inQueries)
	require.Positive(t, inBodies)
}

// wantQueryWrong wants a value of a query parameter to be refused. Of a list the location may name the item.
func wantQueryWrong(t *testing.T, w *walk, o *operation, name, value string) {
	t.Helper()
	reply := w.send(t, o, request{query: name + "=" + url.QueryEscape(value)})
	require.Equal(t, http.StatusUnprocessableEntity, reply.Status, "?%s=%q: %s", name, value, reply.Body)
	for location := range wrong(t, reply) {
		if location == "query."+name || strings.HasPrefix(location, "query."+name+"[") {
			return
		}
	}
	require.Fail(t, "the parameter is not named", "?%s=%q: %s", name, value, reply.Body)
}

// bodyFor is a sample of the operation's body, nil when it has none.
func bodyFor(o *operation) any {
	if o.body() == nil {
		return nil
	}
	return sample(o.body(), nil)
}

// Texts that nobody may write, wherever a person writes one, and one of those that many do (point 4).
var (
	refusedTexts = map[string]string{
		"a joiner only":  "\u200d",
		"invisible":      "\u2060\u200b",
		"override":       "abc\u202edef",
		"isolate":        "a\u2066b",
		"control":        "abc\u0007",
		"nul":            "a\u0000",
		"replacement":    "a\ufffd",
		"combining only": "\u0301",
	}
	blankTexts    = map[string]string{"ideographic space": "\u3000", "no-break space": "\u00a0", "spaces": "   "}
	acceptedTexts = map[string]string{"no-break space": "a\u00a0b", "non-joiner": "\u0645\u200c\u062e", "two spaces": "a  b"}
)

// noCountry has the shape of a country's code, and ISO 3166-1 leaves it to everybody for something of their own.
const noCountry = "XX"

func (w *walk) texts(t *testing.T) {
	found := 0
	w.each(t, withBody, func(t *testing.T, o *operation) {
		for _, f := range fields(o.body()) {
			found += w.text(t, o, f)
		}
	})
	w.each(t, func(o *operation) bool { return len(o.in("query")) > 0 }, func(t *testing.T, o *operation) {
		for _, p := range o.in("query") {
			if p.Schema.Text == "" {
				continue
			}
			found++
			for _, text := range refusedTexts {
				wantQueryWrong(t, w, o, p.Name, text)
			}
		}
	})
	require.Greater(t, found, 20, "texts in the document")
	require.Positive(t, w.countries, "countries in the document")
}

// text tries one field and returns how many texts it is.
func (w *walk) text(t *testing.T, o *operation, f field) (found int) {
	t.Helper()
	body := sample(o.body(), nil)
	if f.schema.PropertyNames != nil && f.schema.PropertyNames.Text != "" {
		found++
		for _, text := range refusedTexts {
			named := map[string]any{text: sample(f.schema.Others.Schema, nil)}
			wantWrong(t, w.send(t, o, request{body: f.in(body, named)}), f.location(), text)
		}
	}
	switch f.schema.Text {
	case "":
		return found
	case "country":
		w.countries++
		wantWrong(t, w.send(t, o, request{body: f.in(body, noCountry)}), f.location(), noCountry)
	}
	for _, text := range refusedTexts {
		wantWrong(t, w.send(t, o, request{body: f.in(body, text)}), f.location(), text)
	}
	for _, text := range blankTexts {
		if f.schema.MinLength > 0 {
			wantWrong(t, w.send(t, o, request{body: f.in(body, text)}), f.location(), text)
		}
	}
	for _, text := range acceptedTexts {
		if f.schema.Pattern != "" {
			break // says more than the rule for texts
		}
		text += strings.Repeat("k", max(0, f.schema.MinLength-3))
		if reply := w.send(t, o, request{body: f.in(body, text)}); reply.Status == http.StatusUnprocessableEntity {
			require.NotContains(t, wrong(t, reply), f.location(), "%q: %s", text, reply.Body)
		}
	}
	return found + 1
}

// Nothing in a query is passed over (point 6).
func (w *walk) queries(t *testing.T) {
	w.each(t, every, func(t *testing.T, o *operation) {
		reply := w.send(t, o, request{query: "no_such_parameter=1", body: bodyFor(o)})
		wantWrong(t, reply, "query", "an unknown parameter")
		require.NotContains(t, string(reply.Body), "no_such_parameter", "what was sent is not repeated")
		for _, p := range o.in("query") {
			value := url.QueryEscape(queryValue(p))
			reply := w.send(t, o, request{query: p.Name + "=" + value + "&" + p.Name + "=" + value})
			wantWrong(t, reply, "query."+p.Name, "twice")
		}
		for _, broken := range []string{"a=%zz", "a;b", "%"} {
			reply := w.send(t, o, request{query: broken, body: bodyFor(o)})
			require.Equal(t, http.StatusBadRequest, reply.Status, "?%s: %s", broken, reply.Body)
		}
	})
}

// queryValue is a value that the parameter allows.
func queryValue(p parameter) string {
	s := p.Schema
	if s.Items != nil {
		s = s.Items
	}
	return fmt.Sprint(sample(s, nil))
}
