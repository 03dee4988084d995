package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/auth"
	"marketplace/shared/auth/authtest"
	"marketplace/shared/fault"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
	"marketplace/shared/text"
	"marketplace/shared/web"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// shop is a service with one route of each sort.
type shop struct {
	*web.Server
	URL    string
	Issuer *authtest.Issuer
	Log    *testkit.Log
}

func newShop(t *testing.T, edit ...func(*web.Options)) *shop {
	t.Helper()
	s := &shop{Issuer: authtest.New(t), Log: &testkit.Log{}}
	tel, err := telemetry.Setup(t.Context(), "shop-service", telemetry.Options{Output: s.Log, LogLevel: "debug"})
	require.NoError(t, err)
	o := web.Options{
		Service: "shop-service", Title: "Shop", Version: "1", Telemetry: tel, MaxBody: 4096,
		Verifier: auth.NewVerifier(auth.VerifierOptions{JWKSURL: s.Issuer.JWKSURL}),
	}
	for _, e := range edit {
		e(&o)
	}
	s.Server = web.New(o)
	s.register()
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

type order struct {
	Items []struct {
		ID       web.ID `json:"id"`
		Quantity int    `json:"quantity" minimum:"1" maximum:"99"`
	} `json:"items" minItems:"1"`
	Email string    `json:"email,omitempty" format:"email"`
	Site  string    `json:"site,omitempty" format:"uri"`
	When  time.Time `json:"when,omitempty"`
	Note  text.Line `json:"note,omitempty" maxLength:"5"`
}

type whoami struct {
	UserID   string `json:"user_id" format:"foreign-id"`
	Header   string `json:"header"`
	ClientIP string `json:"client_ip"`
}

func (s *shop) register() {
	reading := func(path string) huma.Operation { return huma.Operation{Method: "GET", Path: "/api/v1" + path} }
	web.Handle(s.Server, auth.Public(), reading("/whoami"), func(ctx context.Context, in *struct {
		Forged string `header:"X-User-ID"`
	},
	) (*struct{ Body whoami }, error) {
		id, _ := auth.From(ctx)
		return &struct{ Body whoami }{whoami{UserID: id.UserID, Header: in.Forged, ClientIP: web.ClientIP(ctx)}}, nil
	})
	fails := func(path string, policy auth.Policy, err error) {
		web.Handle(s.Server, policy, reading(path), func(context.Context, *struct{}) (*struct{ Body string }, error) {
			return nil, err
		})
	}
	fails("/sold-out", auth.Public(), fault.New(fault.Conflict, "sold_out", "Sold out.").
		Wrap(errors.New("row 17")).WithField("body.id", "is gone").WithRetryAfter(1500*time.Millisecond).WithDetail("left", 0))
	fails("/broken", auth.Public(), errors.New("secret: password=hunter2"))
	fails("/overlooked", auth.Public(), fault.New(fault.Invalid, "invalid", "Invalid.").Wrap(sqlState("22003")))
	fails("/mine", auth.SignedIn(), fault.New(fault.NotFound, "not_found", "None."))
	fails("/admin", auth.AnyOf(auth.RoleSeller, auth.RoleAdmin), nil)
	web.Handle(s.Server, auth.Public(), reading("/panic"), func(context.Context, *struct{}) (*struct{}, error) {
		panic("boom with hunter2")
	})
	web.Handle(s.Server, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/api/v1/orders", DefaultStatus: 201}, "Harmless."),
		func(_ context.Context, in *struct{ Body order }) (*struct{ Body order }, error) {
			return &struct{ Body order }{in.Body}, nil
		})
	web.Handle(s.Server, auth.Public(), reading("/list"), func(_ context.Context, in *web.Page) (*struct{ Body web.List[web.ID] }, error) {
		cursor := web.NewCursor[string]("list.1", in)
		after, _, err := cursor.Key()
		if err != nil {
			return nil, err
		}
		return &struct{ Body web.List[web.ID] }{web.NewList[web.ID](nil, cursor.Encode(after+"x"))}, nil
	})
	web.Handle(s.Server, auth.Public(), reading("/things/{id}"), func(_ context.Context, in *struct {
		ID    web.ID `path:"id"`
		Match string `header:"If-Match"`
	},
	) (*web.Raw, error) {
		if err := web.MatchVersion(in.Match, 3); err != nil {
			return nil, err
		}
		raw, err := web.JSON(http.StatusOK, map[string]web.ID{"id": in.ID})
		raw = raw.WithVersion(3)
		return &raw, err
	})
}

type reply struct {
	Status int
	Header http.Header
	Body   string
}

func (r reply) problem(t *testing.T) web.Problem {
	t.Helper()
	require.Equal(t, "application/problem+json", r.Header.Get("Content-Type"), r.Body)
	var p web.Problem
	require.NoError(t, json.Unmarshal([]byte(r.Body), &p), r.Body)
	require.Equal(t, r.Status, p.Status)
	require.Equal(t, http.StatusText(r.Status), p.Title)
	require.Len(t, p.TraceID, 32, r.Body)
	require.NotEmpty(t, p.Detail)
	require.Equal(t, "urn:marketplace:problem:"+p.Code, p.Type)
	return p
}

// call sends a request; headers are pairs.
func (s *shop) call(t *testing.T, method, path, body string, headers ...string) reply {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return reply{res.StatusCode, res.Header, string(text)}
}

func TestHandle_P32_ARouteWithoutAPolicyPanics(t *testing.T) {
	s := newShop(t)
	nothing := func(context.Context, *struct{}) (*struct{}, error) { return nil, nil }
	require.PanicsWithValue(t, "web: GET /api/v1/open has no policy", func() {
		web.Handle(s.Server, auth.Policy{}, huma.Operation{Method: "GET", Path: "/api/v1/open"}, nothing)
	})
	require.PanicsWithValue(t, "web: GET /api/v1/mine is registered twice", func() {
		web.Handle(s.Server, auth.Public(), huma.Operation{Method: "GET", Path: "/api/v1/mine"}, nothing)
	})
	for _, route := range s.Routes() {
		require.True(t, route.Policy.Valid(), route.Path)
	}
	require.Len(t, s.Routes(), 10)
}

type hidden struct {
	Key string `header:"Idempotency-Key"`
}

func TestHandle_AnInputThatHumaWouldMissPanics(t *testing.T) {
	s := newShop(t)
	require.PanicsWithValue(t, "web: GET /api/v1/open: huma does not see the embedded hidden; export it", func() {
		web.Handle(s.Server, auth.Public(), huma.Operation{Method: "GET", Path: "/api/v1/open"},
			func(context.Context, *struct{ hidden }) (*struct{}, error) { return nil, nil })
	})
}

func TestPolicy_RefusesBeforeTheBodyIsRead(t *testing.T) {
	s := newShop(t)
	r := s.call(t, "GET", "/api/v1/mine", "")
	require.Equal(t, "not_signed_in", r.problem(t).Code)
	require.Equal(t, 401, r.Status)
	require.Equal(t, "Bearer", r.Header.Get("WWW-Authenticate"))

	r = s.call(t, "GET", "/api/v1/mine", "", "Authorization", "Bearer forged")
	require.Equal(t, "token_invalid", r.problem(t).Code)
	r = s.call(t, "GET", "/api/v1/mine", "", "Authorization", "Bearer "+s.Issuer.As(t, "u1"))
	require.Equal(t, 404, r.Status)
	r = s.call(t, "GET", "/api/v1/admin", "", "Authorization", "bearer "+s.Issuer.As(t, "u1"))
	require.Equal(t, 403, r.Status)
	require.Equal(t, "role_missing", r.problem(t).Code)
}

func TestEdge_P34_IdentityComesFromTheTokenAlone(t *testing.T) {
	s := newShop(t)
	ask := func(headers ...string) (w whoami) {
		r := s.call(t, "GET", "/api/v1/whoami", "", headers...)
		require.Equal(t, 200, r.Status, r.Body)
		require.NoError(t, json.Unmarshal([]byte(r.Body), &w))
		return w
	}
	require.Equal(t, whoami{ClientIP: "127.0.0.1"},
		ask("X-User-ID", "admin", "X-User-Roles", "admin", "X-Forwarded-For", "6.6.6.6", "X-Real-IP", "6.6.6.6"))
	require.Equal(t, "u1", ask("X-User-ID", "admin", "Authorization", "Bearer "+s.Issuer.As(t, "u1")).UserID)
	require.Empty(t, ask("Authorization", "Bearer forged").UserID, "public: a bad token is none")

	behind := newShop(t, func(o *web.Options) { o.TrustedProxies = []string{"127.0.0.1"} })
	r := behind.call(t, "GET", "/api/v1/whoami", "", "X-Forwarded-For", "6.6.6.6")
	require.Contains(t, r.Body, `"client_ip":"6.6.6.6"`)
}

func TestRoutes_WhatDoesNotExistIsAProblemToo(t *testing.T) {
	s := newShop(t)
	require.Equal(t, "route_not_found", s.call(t, "GET", "/api/v1/nothing", "").problem(t).Code)
	r := s.call(t, "DELETE", "/api/v1/orders", "")
	require.Equal(t, 405, r.Status)
	require.Equal(t, "method_not_allowed", r.problem(t).Code)
	require.Equal(t, "POST", r.Header.Get("Allow"))
}

func TestBody_P33_InvalidInputIsRefusedAndNeverEchoed(t *testing.T) {
	s := newShop(t)
	const canary = "hunter2"
	id := uuid.NewString()
	for name, c := range map[string]struct {
		body   string
		status int
		code   string
	}{
		"malformed":          {`{"items": ` + canary, 400, "malformed"},
		"empty":              {``, 400, "malformed"},
		"repeated name":      {`{"note":"` + canary + `","items":[{"id":"` + id + `","quantity":1}],"note":"n"}`, 400, "malformed"},
		"repeated inner":     {`{"items":[{"id":"` + id + `","quantity":1},{"id":"` + id + `","quantity":7342,"quantity":1}]}`, 400, "malformed"},
		"repeated escaped":   {`{"items":[{"id":"` + id + `","quantity":7342,"\u0071uantity":1}]}`, 400, "malformed"},
		"null":               {`null`, 422, "invalid"},
		"list":               {`["` + canary + `"]`, 422, "invalid"},
		"text":               {`"` + canary + `"`, 422, "invalid"},
		"null items":         {`{"items":null}`, 422, "invalid"},
		"no items":           {`{"items":[]}`, 422, "invalid"},
		"wrong case":         {`{"ITEMS":[{"id":"` + id + `","quantity":1}]}`, 422, "invalid"},
		"unknown field":      {`{"items":[{"id":"` + id + `","quantity":1}],"role":"` + canary + `"}`, 422, "invalid"},
		"unknown inner":      {`{"items":[{"id":"` + id + `","quantity":1,"price":"` + canary + `"}]}`, 422, "invalid"},
		"bad uuid":           {`{"items":[{"id":"` + canary + `","quantity":1}]}`, 422, "invalid"},
		"negative":           {`{"items":[{"id":"` + id + `","quantity":-7342}]}`, 422, "invalid"},
		"huge":               {`{"items":[{"id":"` + id + `","quantity":734299999999999999999}]}`, 422, "invalid"},
		"exponent":           {`{"items":[{"id":"` + id + `","quantity":7.342e1}]}`, 422, "invalid"},
		"integer as a float": {`{"items":[{"id":"` + id + `","quantity":73.42e0}]}`, 422, "invalid"},
		"text for a number":  {`{"items":[{"id":"` + id + `","quantity":"` + canary + `"}]}`, 422, "invalid"},
		"email":              {`{"items":[{"id":"` + id + `","quantity":1}],"email":"` + canary + `"}`, 422, "invalid"},
		"uri":                {`{"items":[{"id":"` + id + `","quantity":1}],"site":":` + canary + `%zz"}`, 422, "invalid"},
		"time":               {`{"items":[{"id":"` + id + `","quantity":1}],"when":"` + canary + `"}`, 422, "invalid"},
		"long":               {`{"items":[{"id":"` + id + `","quantity":1}],"note":"` + canary + `"}`, 422, "invalid"},
	} {
		r := s.call(t, "POST", "/api/v1/orders", c.body, "Content-Type", "application/json")
		require.Equal(t, c.status, r.Status, name+": "+r.Body)
		p := r.problem(t)
		require.Equal(t, c.code, p.Code, name)
		for _, submitted := range []string{canary, "7342", "7.342", "73.42"} {
			require.NotContains(t, r.Body, submitted, name)
		}
		require.NotContains(t, r.Body, "Go ", name)
		if c.status == 422 {
			require.NotEmpty(t, p.Errors, name)
		}
	}
	r := s.call(t, "POST", "/api/v1/orders", `{"note":"items","items":[{"id":"`+id+`","quantity":1},{"id":"`+id+`","quantity":1}]}`)
	require.Equal(t, 201, r.Status, r.Body)
	require.NotContains(t, r.Body, "$schema")

	r = s.call(t, "POST", "/api/v1/orders", `a=b`, "Content-Type", "application/x-www-form-urlencoded")
	require.Equal(t, 415, r.Status)
	require.Equal(t, "unsupported_media_type", r.problem(t).Code)
	r = s.call(t, "POST", "/api/v1/orders", `{"items":"`+strings.Repeat("x", 10_000)+`"}`)
	require.Equal(t, 413, r.Status)
	require.Equal(t, "body_too_large", r.problem(t).Code)
	r = s.call(t, "POST", "/api/v1/orders", `{"`+strings.Repeat("x", 3000)+`":1,"items":[]}`)
	require.Less(t, len(r.Body), 1500, "an unknown name comes back shortened")
}

func TestParameters_PagesVersionsAndIDs(t *testing.T) {
	s := newShop(t)
	list := web.NewCursor[string]("list.1", web.Page{})
	r := s.call(t, "GET", "/api/v1/list", "")
	require.JSONEq(t, `{"items":[],"next_cursor":"`+list.Encode("x")+`"}`, r.Body)
	r = s.call(t, "GET", "/api/v1/list?cursor="+list.Encode("x"), "")
	require.Contains(t, r.Body, list.Encode("xx"))
	for _, bad := range []string{"!!", "AAAA", "bnVsbA", "e30", list.Encode("x")[1:], web.NewCursor[string]("list.2", web.Page{}).Encode("x")} {
		require.Equal(t, "cursor_invalid", s.call(t, "GET", "/api/v1/list?cursor="+bad, "").problem(t).Code)
	}
	for _, bad := range []string{"0", "101", "-1", "x"} {
		require.Equal(t, "invalid", s.call(t, "GET", "/api/v1/list?limit="+bad, "").problem(t).Code)
	}

	id := uuid.NewString()
	r = s.call(t, "GET", "/api/v1/things/"+id, "", "If-Match", `"2", "3"`)
	require.Equal(t, 200, r.Status)
	require.Equal(t, `"3"`, r.Header.Get("ETag"))
	require.Equal(t, "application/json", r.Header.Get("Content-Type"))
	for _, stale := range []string{`"2"`, `W/"3"`, `3`} {
		r = s.call(t, "GET", "/api/v1/things/"+id, "", "If-Match", stale)
		require.Equal(t, "version_mismatch", r.problem(t).Code)
	}
}

// What somebody gets, nobody else gets from a cache; what everybody may see may be kept.
func TestPolicy_RepliesToSomebodyAreNotStored(t *testing.T) {
	s := newShop(t)
	signedIn := "Bearer " + s.Issuer.As(t, "u1")
	for _, c := range []struct{ path, token, want string }{
		{"/api/v1/mine", signedIn, "no-store"},
		{"/api/v1/mine", "", "no-store"},
		{"/api/v1/list", signedIn, "no-store"},
		{"/api/v1/list", "", ""},
		{"/api/v1/list", "Bearer expired", ""},
	} {
		require.Equal(t, c.want, s.call(t, "GET", c.path, "", "Authorization", c.token).Header.Get("Cache-Control"), "%+v", c)
	}
}

func TestEdge_RequestIDAndTrace(t *testing.T) {
	s := newShop(t)
	r := s.call(t, "GET", "/api/v1/whoami", "", "X-Request-ID", "checkout-17")
	require.Equal(t, "checkout-17", r.Header.Get("X-Request-ID"))
	r = s.call(t, "GET", "/api/v1/whoami", "", "X-Request-ID", `evil"}`)
	require.Len(t, r.Header.Get("X-Request-ID"), 32)
	r = s.call(t, "GET", "/api/v1/nothing", "", "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	require.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", r.problem(t).TraceID)
}

func TestMetrics_LabelsAreBounded(t *testing.T) {
	s := newShop(t)
	for _, path := range []string{"/api/v1/things/1", "/api/v1/things/2", "/random/a", "/random/b"} {
		s.call(t, "GET", path, "")
	}
	s.call(t, "BREW", "/api/v1/whoami", "")
	body := s.call(t, "GET", "/metrics", "").Body
	require.Contains(t, body, `http_request_duration_seconds_count{method="GET",route="/api/v1/things/:id",status="404"} 2`)
	require.Contains(t, body, `http_request_duration_seconds_count{method="other",route="unmatched",status="404"} 2`)
	require.NotContains(t, body, "random")
	require.NotContains(t, body, "BREW")
	require.Contains(t, body, "go_goroutines")
}

func TestOpenAPI_NamesOfSchemasCanBeMerged(t *testing.T) {
	body := newShop(t).call(t, "GET", "/openapi.json", "").Body
	for _, name := range []string{`"Problem":`, `"ErrorDetail":`, `"ShopListID":`, `"ShopOrder":`, `"ShopWhoami":`, `"openapi":"3.1.0"`} {
		require.Contains(t, body, name)
	}
	require.Contains(t, body, `"security":[{"bearer":[]}]`, "any account")
	require.Contains(t, body, `"security":[{"bearer":["seller"]},{"bearer":["admin"]}]`, "one of the roles")
	for _, path := range []string{`"/api/v1/things/{id}":`, `"/api/v1/orders":`} {
		require.Contains(t, body, path)
	}
}
