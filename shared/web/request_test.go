package web_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/text"
	"marketplace/shared/web"
)

type shelfInput struct {
	web.Page
	Owner web.ID    `query:"owner"`
	Query string    `query:"query"`
	Low   bool      `query:"low"`
	State string    `query:"state" enum:"open,closed"`
	Since time.Time `query:"since"`
	Match string    `header:"If-Match"`
}

type shelf struct {
	Owner web.ID            `json:"owner"`
	Query string            `json:"query"`
	Low   bool              `json:"low"`
	Match string            `json:"match"`
	Pay   web.ForeignID     `json:"pay_id"`
	IDs   []web.ID          `json:"ids"`
	By    map[text.Line]row `json:"by"`
}

type row struct {
	MakerID *web.ID `json:"maker_id,omitempty"`
}

// newShelves is a shop with routes that take ids and filters.
func newShelves(t *testing.T) *shop {
	s := newShop(t)
	web.Handle(s.Server, auth.Public(), huma.Operation{Method: "GET", Path: "/api/v1/shelves"},
		func(_ context.Context, in *shelfInput) (*struct{ Body shelf }, error) {
			return &struct{ Body shelf }{shelf{Owner: in.Owner, Query: in.Query, Low: in.Low, Match: in.Match}}, nil
		})
	web.Handle(s.Server, auth.Public(), keyless(huma.Operation{Method: "POST", Path: "/api/v1/shelves/{id}/{maker_id}"}),
		func(_ context.Context, in *struct {
			ID    web.ID `path:"id"`
			Maker web.ID `path:"maker_id"`
			Body  struct {
				Pay web.ForeignID     `json:"pay_id,omitempty" pattern:"^pm_[a-z]+$"`
				IDs []web.ID          `json:"ids,omitempty"`
				By  map[text.Line]row `json:"by,omitempty" keyLength:"10"`
			}
		},
		) (*struct{ Body shelf }, error) {
			return &struct{ Body shelf }{shelf{Owner: in.ID, Pay: in.Body.Pay, IDs: in.Body.IDs, By: in.Body.By}}, nil
		})
	return s
}

func keyless(op huma.Operation) huma.Operation { return web.WithoutKey(op, "It changes nothing.") }

// spellings are ways to write an id that are none here.
func spellings(id string) []string {
	return []string{
		strings.ToUpper(id), id[:35] + "F", "{" + id + "}", "urn:uuid:" + id, strings.ReplaceAll(id, "-", ""), id[1:], id + "0", "17", "null", "me",
	}
}

// anID ends with a letter, so that capitals are another spelling.
const anID = "0190a0b0-0000-7000-8000-00000000000f"

func TestID_AnotherSpellingIs404InAPathAnd422ElsewhereAndNever500(t *testing.T) {
	t.Parallel()
	s := newShelves(t)
	other := uuid.NewString()
	good := "/api/v1/shelves/" + anID + "/" + other
	r := s.call(t, "POST", good, `{"ids":["`+anID+`"],"by":{"x":{"maker_id":"`+other+`"}},"pay_id":"pm_card"}`)
	require.Equal(t, 200, r.Status, r.Body)
	require.Contains(t, r.Body, `"ids":["`+anID+`"]`)
	require.Equal(t, 200, s.call(t, "GET", "/api/v1/shelves?owner="+anID, "").Status)

	for _, bad := range append(spellings(anID), "%00", anID[:35]+"%00", "%ff", "%C2%A0") {
		for _, path := range []string{"/api/v1/shelves/" + bad + "/" + other, "/api/v1/shelves/" + other + "/" + bad} {
			r := s.call(t, "POST", path, `{}`)
			require.Equal(t, 404, r.Status, "%s: %s", path, r.Body)
			require.Equal(t, "not_found", r.problem(t).Code)
		}
		r := s.call(t, "GET", "/api/v1/shelves?owner="+bad, "")
		require.Equal(t, 422, r.Status, "%s: %s", bad, r.Body)
		require.Equal(t, "query.owner", r.problem(t).Errors[0].Location)
	}
	for _, bad := range append(spellings(anID), "", `\u0000`, anID+`\u0000`) {
		for location, body := range map[string]string{
			"body.ids[0]":    `{"ids":["` + bad + `"]}`,
			"body.by":        `{"by":{"x":{"maker_id":"` + bad + `"}}}`,
			"body.ids[1]":    `{"ids":["` + anID + `","` + bad + `"]}`,
			"body.by.nobody": "",
		} {
			if body == "" {
				continue
			}
			r := s.call(t, "POST", good, body)
			require.Equal(t, 422, r.Status, "%s: %s", body, r.Body)
			require.Equal(t, location, r.problem(t).Errors[0].Location, body)
			if len(bad) > 8 {
				require.NotContains(t, r.Body, bad)
			}
		}
	}
	require.Equal(t, 422, s.call(t, "POST", good, `{"pay_id":"PM"}`).Status, "a foreign id has its own rules")
}

func TestHandle_AFieldThatIsNamedAsAnIDAndIsNonePanics(t *testing.T) {
	t.Parallel()
	refused := func(where string, register func(s *web.Server, op huma.Operation)) {
		s := newShop(t)
		require.PanicsWithValue(t, "web: POST /api/v1/x/{id}: "+where+" is no web.ID", func() {
			register(s.Server, keyless(huma.Operation{Method: "POST", Path: "/api/v1/x/{id}"}))
		})
	}
	refused("path.id", accepting[struct {
		ID string `path:"id"`
	}])
	refused("path.id", accepting[struct {
		ID string `path:"id" format:"uuid"`
	}])
	refused("query.order_id", accepting[struct {
		Order string `query:"order_id" format:"uuid"`
	}])
	refused("query.ids", accepting[struct {
		Orders []string `query:"ids"`
	}])
	refused("body.maker_id", accepting[struct {
		Body struct {
			Maker string `json:"maker_id" format:"uuid"`
		}
	}])
	refused("body.lines[].product_ids", accepting[struct {
		Body struct {
			Lines []pallet `json:"lines"`
		}
	}])
	refused("body.by.*.id", accepting[struct {
		Body struct {
			By map[text.Line]bottle `json:"by" keyLength:"10"`
		}
	}])
	refused("200.id", func(s *web.Server, op huma.Operation) {
		web.Handle(s, auth.Public(), op, func(context.Context, *struct{}) (*struct {
			Body struct {
				ID string `json:"id"`
			}
		}, error,
		) {
			return nil, nil
		})
	})
}

type pallet struct {
	Products []string `json:"product_ids"`
}

type bottle struct {
	ID *string `json:"id"`
}

func accepting[I any](s *web.Server, op huma.Operation) {
	web.Handle(s, auth.Public(), op, func(context.Context, *I) (*struct{}, error) { return nil, nil })
}

func TestQuery_WhatWouldHaveNoEffectIsRefused(t *testing.T) {
	t.Parallel()
	s := newShelves(t)
	for query, location := range map[string]string{
		"s3cret=1":                "query",
		"s3cret":                  "query",
		"Owner=" + anID:           "query",
		"owner%5B%5D=" + anID:     "query",
		"owner%00=" + anID:        "query",
		"low=true&low=true":       "query.low",
		"query=s3cret&query=b":    "query.query",
		"limit=1&limit=2":         "query.limit",
		"owner=":                  "query.owner",
		"low":                     "query.low",
		"low=maybe":               "query.low",
		"limit=":                  "query.limit",
		"state=":                  "query.state",
		"state=s3cret":            "query.state",
		"since=":                  "query.since",
		"since=s3cret":            "query.since",
		"query=s3cret%00":         "query.query",
		"query=s3cret%ff":         "query.query",
		"limit=1e1":               "query.limit",
		"limit=99999999999999999": "query.limit",
	} {
		r := s.call(t, "GET", "/api/v1/shelves?"+query, "")
		require.Equal(t, 422, r.Status, "%s: %s", query, r.Body)
		p := r.problem(t)
		code := "invalid"
		if strings.HasPrefix(query, "query=s3cret%") {
			code = "invalid_text"
		}
		require.Equal(t, code, p.Code, query)
		require.Equal(t, location, p.Errors[0].Location, query)
		require.NotContains(t, r.Body, "s3cret", query)
	}
	require.Equal(t, 200, s.call(t, "GET", "/api/v1/shelves?query=&cursor=", "").Status, "any text may be empty")
	for _, path := range []string{"/api/v1/whoami?x=1", "/api/v1/things/" + anID + "?x=1"} {
		require.Equal(t, 422, s.call(t, "GET", path, "").Status, "a route without parameters knows none: %s", path)
	}
	require.Equal(t, 401, s.call(t, "GET", "/api/v1/mine?x=1", "").Status, "the policy comes first")
}

func TestQuery_OneThatDoesNotParseIs400(t *testing.T) {
	t.Parallel()
	s := newShelves(t)
	for _, query := range []string{"query=%zz", "query=%", "query=a;b", "%zz=1", "low=true;limit=1"} {
		for _, path := range []string{"/api/v1/shelves", "/api/v1/mine", "/api/v1/nothing"} {
			r := s.call(t, "GET", path+"?"+query, "")
			require.Equal(t, 400, r.Status, "%s %s", path, query)
			require.Equal(t, "malformed", r.problem(t).Code)
		}
	}
}

func TestHead_WorksWhereverGetDoes(t *testing.T) {
	t.Parallel()
	s := newShelves(t)
	token := "Bearer " + s.Issuer.As(t, "u1")
	paths := []string{"/health/live", "/health/ready", "/openapi.json"}
	for _, route := range s.Routes() {
		if route.Method == "GET" {
			paths = append(paths, strings.ReplaceAll(route.Path, "{id}", anID))
		}
	}
	require.Greater(t, len(paths), 8)
	for _, path := range paths {
		get, head := s.call(t, "GET", path, "", "Authorization", token), s.call(t, "HEAD", path, "", "Authorization", token)
		require.Equal(t, get.Status, head.Status, path)
		require.Empty(t, head.Body, path)
		for _, name := range []string{"Content-Type", "ETag", "Content-Length"} {
			require.Equal(t, get.Header.Get(name), head.Header.Get(name), "%s: %s", path, name)
		}
	}
	require.Equal(t, 200, s.call(t, "HEAD", "/metrics", "").Status)
	require.Equal(t, 405, s.call(t, "HEAD", "/api/v1/orders", "").Status, "where there is no GET there is no HEAD")
	require.NotContains(t, s.call(t, "GET", "/openapi.json", "").Body, `"head"`)
}

func TestETag_IfNoneMatchGives304WhereverOneIsGiven(t *testing.T) {
	t.Parallel()
	s := newShelves(t)
	path := "/api/v1/things/" + anID // version 3
	for _, method := range []string{"GET", "HEAD"} {
		for _, known := range []string{`"3"`, `W/"3"`, `*`, `"2", "3"`, `"2",W/"3"`} {
			r := s.call(t, method, path, "", "If-None-Match", known)
			require.Equal(t, 304, r.Status, known)
			require.Empty(t, r.Body)
			require.Equal(t, `"3"`, r.Header.Get("ETag"), "a 304 has the tag")
			require.Empty(t, r.Header.Get("Content-Type"))
		}
		for _, other := range []string{`"2"`, `3`, `"33"`, ``, `"2", "4"`} {
			require.Equal(t, 200, s.call(t, method, path, "", "If-None-Match", other).Status, other)
		}
	}
	require.Equal(t, 412, s.call(t, "GET", path, "", "If-None-Match", `"3"`, "If-Match", `"2"`).Status, "only a 200 becomes a 304")
	require.Equal(t, 200, s.call(t, "GET", "/api/v1/shelves", "", "If-None-Match", `*`).Status, "there is no tag")
	require.Equal(t, 404, s.call(t, "GET", "/api/v1/things/x", "", "If-None-Match", `*`).Status)
}

func TestContentType_IsComparedWithoutCaseAndWithSpace(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	body := `{"items":[{"id":"` + anID + `","quantity":1}]}`
	for _, good := range []string{
		"", "application/json", "Application/JSON", "application/json;charset=utf-8", "application/json ; charset=UTF-8",
		`application/json; charset="utf-8"`, "APPLICATION/JSON;\tCHARSET=Utf-8", "application/json;", "application/merge-patch+json",
		"application/json; profile=x",
	} {
		r := s.call(t, "POST", "/api/v1/orders", body, "Content-Type", good)
		require.Equal(t, 201, r.Status, "%q: %s", good, r.Body)
	}
	for _, bad := range []string{
		"text/plain", "application/jsonx", "json", "application/json; charset=utf-16", "application/json; charset=latin1",
		"application/json, text/plain", "application/json; charset", "application/x-www-form-urlencoded", "application/octet-stream", "/", "*/*",
	} {
		r := s.call(t, "POST", "/api/v1/orders", body, "Content-Type", bad)
		require.Equal(t, 415, r.Status, "%q", bad)
		require.Equal(t, "unsupported_media_type", r.problem(t).Code)
	}
}

func TestContentEncoding_OtherThanIdentityIs415(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	body := `{"items":[{"id":"` + anID + `","quantity":1}]}`
	for _, good := range []string{"", "identity", "Identity", "identity, identity"} {
		require.Equal(t, 201, s.call(t, "POST", "/api/v1/orders", body, "Content-Encoding", good).Status, good)
	}
	for _, bad := range []string{"gzip", "GZIP", "br", "identity, gzip", "x"} {
		r := s.call(t, "POST", "/api/v1/orders", body, "Content-Encoding", bad)
		require.Equal(t, 415, r.Status, bad)
		require.Equal(t, "unsupported_media_type", r.problem(t).Code)
		require.Equal(t, "identity", r.Header.Get("Accept-Encoding"))
	}
}

// statusOf sends the head of a request as it is and returns the status of the reply.
func statusOf(t *testing.T, s *shop, lines ...string) int {
	t.Helper()
	connection, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	require.NoError(t, err)
	defer func() { _ = connection.Close() }()
	require.NoError(t, connection.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = fmt.Fprint(connection, strings.Join(lines, "\r\n")+"\r\nHost: x\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	reply, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	defer func() { _ = reply.Body.Close() }()
	return reply.StatusCode
}

func TestHeaders_SeveralLinesOfOneListAreOneList(t *testing.T) {
	t.Parallel()
	s := newShelves(t)
	path := "GET /api/v1/things/" + anID + " HTTP/1.1"
	require.Equal(t, 304, statusOf(t, s, path, `If-None-Match: "1"`, `If-None-Match: "3"`))
	require.Equal(t, 200, statusOf(t, s, path, `If-None-Match: "1"`, `If-None-Match: "2"`))
	require.Equal(t, 200, statusOf(t, s, path, `If-Match: "1"`, `If-Match: "3"`))
	require.Equal(t, 412, statusOf(t, s, path, `If-Match: "1"`, `If-Match: "2"`))

	behind := newShop(t, func(o *web.Options) { o.TrustedProxies = []string{"127.0.0.1"} })
	require.Equal(t, "6.6.6.6", clientIP(t, behind, "X-Forwarded-For", "9.9.9.9", "X-Forwarded-For", "6.6.6.6"),
		"the proxy's line counts, not the one that the client sent")

	token := "Authorization: Bearer " + s.Issuer.As(t, "u1")
	require.Equal(t, 404, statusOf(t, s, "GET /api/v1/mine HTTP/1.1", token))
	require.Equal(t, 400, statusOf(t, s, "GET /api/v1/mine HTTP/1.1", token, "Authorization: Bearer x"), "which of them is it?")
	require.Equal(t, 400, statusOf(t, s, "GET /api/v1/mine HTTP/1.1", "Idempotency-Key: a", "Idempotency-Key: b"))
}

func clientIP(t *testing.T, s *shop, headers ...string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.URL+"/api/v1/whoami", http.NoBody)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	return decoded[whoami](t, res.Body).ClientIP
}

func decoded[T any](t *testing.T, r io.Reader) (value T) {
	t.Helper()
	require.NoError(t, json.NewDecoder(r).Decode(&value))
	return value
}
