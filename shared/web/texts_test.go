package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/telemetry"
	"marketplace/shared/text"
	"marketplace/shared/web"
)

type place struct {
	City    text.Line    `json:"city" minLength:"1" maxLength:"5"`
	Region  *text.Line   `json:"region,omitempty" maxLength:"5"`
	Country text.Country `json:"country,omitempty"`
}

type letter struct {
	Query text.Line `query:"query" maxLength:"5"`
	Body  struct {
		Name   text.Line               `json:"name" minLength:"1" maxLength:"5" code:"name_invalid"`
		Note   text.Block              `json:"note,omitempty" maxLength:"9"`
		Places []place                 `json:"places,omitempty"`
		Tags   []text.Line             `json:"tags,omitempty" minLength:"1" maxLength:"5"`
		Facts  map[text.Line]text.Line `json:"facts,omitempty" keyLength:"5" valueLength:"5"`
		Secret string                  `json:"secret,omitempty" format:"password"`
		Alias  web.Change[text.Line]   `json:"alias,omitzero" minLength:"1" maxLength:"5"`
		Mail   text.Email              `json:"mail,omitempty"`
	}
}

type echo struct{ Body any }

func write(t *testing.T, s *web.Server, query, body string) (int, string, web.Problem) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPut, "/letters?query="+url.QueryEscape(query), strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	var p web.Problem
	if w.Code != http.StatusOK {
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	}
	return w.Code, w.Body.String(), p
}

func letters() *web.Server {
	s := web.New(web.Options{Service: "test-service", Telemetry: telemetry.Nop()})
	web.Handle(s, auth.Public(), huma.Operation{Method: http.MethodPut, Path: "/letters", DefaultStatus: http.StatusOK},
		func(_ context.Context, in *letter) (*echo, error) {
			return &echo{map[string]any{"query": in.Query, "body": in.Body}}, nil
		})
	return s
}

func TestTexts_EveryTextReachesTheHandlerInItsNormalForm(t *testing.T) {
	t.Parallel()
	status, body, _ := write(t, letters(), " a\u3000 b", `{
		"name": " Cafe\u0301\u200b ", "note": "a \r\nb", "places": [{"city": "\u00a0Ulm", "region": " \u3000", "country": "DE"}],
		"tags": [" e\u0301e\u0301e\u0301e\u0301e\u0301 "], "facts": {" k\u00a0k ": " v "}, "secret": " e\u0301 ", "mail": " A@b ", "alias": " e\u0301 "}`)
	require.Equal(t, http.StatusOK, status, body)
	require.JSONEq(t, `{"query": "a b", "body": {
		"name": "Café", "note": "a\nb", "places": [{"city": "Ulm", "region": "", "country": "DE"}],
		"tags": ["ééééé"], "facts": {"k k": "v"}, "secret": " e\u0301 ", "mail": " A@b ", "alias": "é"}}`, body)
}

func TestTexts_AWrongTextIsNamedAndNotRepeated(t *testing.T) {
	t.Parallel()
	s := letters()
	for body, want := range map[string][3]string{
		`{"name":"\u200b"}`:  {"body.name", "name_invalid", "must have characters that can be seen"},
		`{"name":"toolong"}`: {"body.name", "name_invalid", "must have at most 5 characters"},
		`{"name":"\ud83d\ude00\ud83d\ude00\ud83d\ude00\ud83d\ude00"}`: {"body.name", "name_invalid", "must have at most 15 bytes"},
		`{"name":"n","note":"a\u0007b"}`:                              {"body.note", "invalid_text", text.ErrCharacter.Error()},
		`{"name":"n","places":[{"city":"a"},{"city":"a\u202eb"}]}`:    {"body.places[1].city", "invalid_text", text.ErrCharacter.Error()},
		`{"name":"n","places":[{"city":"a","region":"\u3164"}]}`:      {"body.places[0].region", "invalid", text.ErrBlank.Error()},
		`{"name":"n","places":[{"city":"a","country":"UK"}]}`:         {"body.places[0].country", "invalid", "is not a country code of ISO 3166-1"},
		`{"name":"n","tags":["a","\u00a0"]}`:                          {"body.tags[1]", "invalid", text.ErrBlank.Error()},
		`{"name":"n","facts":{"e\u0301":"1","\u00e9":"2"}}`:           {"body.facts", "invalid", "has one name twice"},
		`{"name":"n","facts":{"s3cret":"1"}}`:                         {"body.facts", "invalid", "has a name that must have at most 5 characters"},
		`{"name":"n","alias":"\u200b"}`:                               {"body.alias", "invalid", text.ErrBlank.Error()},
		`{"name":"n","facts":{"a":"s3cret"}}`:                         {"body.facts", "invalid", "has a value that must have at most 5 characters"},
	} {
		status, reply, problem := write(t, s, "", body)
		require.Equal(t, http.StatusUnprocessableEntity, status, body)
		require.Equal(t, want[1], problem.Code, body)
		require.Equal(t, []web.ErrorDetail{{Location: want[0], Message: want[2]}}, problem.Errors, body)
		require.NotContains(t, reply, "s3cret")
	}
	status, _, problem := write(t, s, "a\nb", `{"name":"n"}`)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Equal(t, "query.query", problem.Errors[0].Location)
}

// The limits stay in the document, and clients see there which strings are texts that people write.
func TestTexts_TheDocumentTellsTheLimitsAndWhatIsAText(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	letters().Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	type described struct {
		MinLength, MaxLength                       int
		Text                                       string `json:"x-text"`
		Items, PropertyNames, AdditionalProperties *described
	}
	var document struct {
		Components struct {
			Schemas map[string]struct{ Properties map[string]described }
		}
		Paths map[string]map[string]struct{ Parameters []struct{ Schema described } }
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &document), w.Body)
	address := document.Components.Schemas["TestPlace"].Properties
	require.Equal(t, described{MinLength: 1, MaxLength: 5, Text: "line"}, address["city"])
	require.Equal(t, described{MaxLength: 5, Text: "line"}, address["region"])
	require.Equal(t, "country", address["country"].Text)
	body := document.Components.Schemas["TestLetterBody"].Properties
	require.Equal(t, described{MaxLength: 9, Text: "block"}, body["note"])
	require.Equal(t, &described{MinLength: 1, MaxLength: 5, Text: "line"}, body["tags"].Items)
	require.Equal(t, described{MinLength: 1, MaxLength: 5, Text: "line"}, body["alias"])
	require.Equal(t, &described{MaxLength: 5, Text: "line"}, body["facts"].PropertyNames)
	require.Equal(t, &described{MaxLength: 5, Text: "line"}, body["facts"].AdditionalProperties)
	require.Empty(t, body["secret"].Text)
	require.Equal(t, "line", document.Paths["/letters"]["put"].Parameters[0].Schema.Text)
}

// A field that is added without a thought stops the service before it serves: no text escapes the rule by being forgotten.
func TestTexts_ABodyWithAStringThatSaysNothingOfItselfIsNotRegistered(t *testing.T) {
	t.Parallel()
	refused := func(register func(s *web.Server, op huma.Operation)) {
		s := web.New(web.Options{Service: "test-service", Telemetry: telemetry.Nop()})
		defer func() { require.Contains(t, fmt.Sprint(recover()), "text") }()
		register(s, huma.Operation{Method: http.MethodPut, Path: "/x"})
	}
	refused(handles[struct {
		Body struct {
			Name string `json:"name" minLength:"1" maxLength:"9"`
		}
	}])
	refused(handles[struct {
		Body struct {
			Items []struct {
				Names []string `json:"names"`
			} `json:"items"`
		}
	}])
	refused(handles[struct {
		Body struct {
			Name *string `json:"name,omitempty"`
		}
	}])
	refused(handles[struct {
		Body struct {
			Facts map[string]int `json:"facts"`
		}
	}])
	refused(handles[struct {
		Body struct {
			Unbounded text.Line `json:"unbounded"`
		}
	}])
	refused(handles[struct{ Body Outer }])
}

// Inner and Outer are a body with an embedded part.
type (
	Inner struct {
		Name string `json:"name"`
	}
	Outer struct{ Inner }
)

func handles[I any](s *web.Server, op huma.Operation) {
	web.Handle(s, auth.Public(), op, func(context.Context, *I) (*struct{}, error) { return nil, nil })
}
