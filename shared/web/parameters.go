package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"marketplace/shared/ids"
)

const noText = "is not plain text"

// parameters refuses what huma would pass over: an id in a path that is none (404), and in a query what would have no effect,
// such as an unknown parameter or the second value of one (422).
func (s *Server) parameters(h huma.Context, next func(huma.Context)) {
	c := humagin.Unwrap(h)
	for _, p := range h.Operation().Parameters {
		if p.In == "path" && p.Schema.Format == formatID && !ids.Valid(h.Param(p.Name)) {
			s.write(c, s.refuse(h.Context(), errNoID))
			return
		}
	}
	if c.Request.URL.RawQuery != "" {
		if wrong := wrongQuery(h.Operation(), c.Request.URL.Query()); len(wrong) > 0 {
			s.write(c, queryProblem(wrong))
			return
		}
	}
	next(h)
}

// queryProblem is the reply to a query. A text that cannot be stored has the code that it has in a body.
func queryProblem(wrong []ErrorDetail) *Problem {
	p := problemFor(http.StatusUnprocessableEntity)
	if slices.ContainsFunc(wrong, func(d ErrorDetail) bool { return d.Message == noText }) {
		p = newProblem(p.Status, "invalid_text", p.Detail)
	}
	p.Errors = wrong
	return p
}

// wrongQuery lists what is wrong with a query. A name that no parameter has is the sender's text and is not repeated.
func wrongQuery(op *huma.Operation, query url.Values) (wrong []ErrorDetail) {
	unknown := len(query)
	for _, p := range op.Parameters {
		values, ok := query[p.Name]
		if p.In != "query" || !ok {
			continue
		}
		unknown--
		if message := wrongValues(p, values); message != "" {
			wrong = append(wrong, ErrorDetail{Location: "query." + p.Name, Message: message})
		}
	}
	if unknown > 0 {
		wrong = append(wrong, ErrorDetail{Location: "query", Message: "has a parameter that is not known here"})
	}
	return wrong
}

// wrongValues says what is wrong with the values of a parameter. All have one value; lists are separated by commas.
func wrongValues(p *huma.Param, values []string) string {
	unprintable := func(value string) bool { return !utf8.ValidString(value) || strings.ContainsRune(value, 0) }
	switch {
	case len(values) > 1:
		return "is given more than once"
	case slices.ContainsFunc(values, unprintable):
		return noText
	case values[0] == "" && !freeText(p.Schema):
		return "has no value" // huma would take it for absent
	}
	return ""
}

// freeText says whether any text will do, and so an empty one.
func freeText(s *huma.Schema) bool {
	return s.Type == huma.TypeString && s.Format == "" && s.Pattern == "" && len(s.Enum) == 0 && s.MinLength == nil
}
