package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
	"marketplace/shared/text"
	"marketplace/shared/web"
)

// crate is a body with a field of each sort that can be sent or left out.
type crate struct {
	Name     string                   `json:"name,omitempty" format:"password"`
	Count    int                      `json:"count,omitempty"`
	Fragile  bool                     `json:"fragile,omitempty"`
	Size     *parcel                  `json:"size,omitempty"`
	Pointer  *string                  `json:"pointer,omitempty" format:"password"`
	Parcels  []parcel                 `json:"parcels,omitempty" maxItems:"100"`
	Notes    map[text.Line]text.Line  `json:"notes,omitempty" keyLength:"100" valueLength:"100"`
	Replaced *map[text.Line]text.Line `json:"replaced,omitempty" keyLength:"100" valueLength:"100"`
	Any      any                      `json:"any,omitempty"`
	Place    web.Change[string]       `json:"place,omitzero" format:"uuid"`
	Phone    string                   `json:"phone,omitempty" nullable:"true" format:"password"`
}

type crateInput struct{ Body crate }

// warehouse is a server with routes for a crate: one decodes it, one takes it as bytes, one has no body.
func warehouse(t testing.TB, handled func(crate)) *web.Server {
	t.Helper()
	s := web.New(web.Options{Service: "crate-service", Telemetry: telemetry.Nop()})
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/crates"}, "A test."),
		func(_ context.Context, in *crateInput) (*struct{}, error) {
			handled(in.Body)
			return nil, nil
		})
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/small", MaxBodyBytes: 40}, "A test."),
		func(context.Context, *crateInput) (*struct{}, error) { return nil, nil })
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/raw", MaxBodyBytes: 40}, "A test."),
		func(context.Context, *struct{ RawBody []byte }) (*struct{}, error) { return nil, nil })
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/none"}, "A test."),
		func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	return s
}

func TestBody_APostOfWhichNothingIsRequiredTakesNoBodyAsAnEmptyObject(t *testing.T) {
	var got []crate
	s := warehouse(t, func(c crate) { got = append(got, c) })
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/named"}, "A test."),
		func(context.Context, *struct {
			Body struct {
				Name string `json:"name" format:"password"`
			}
		},
		) (*struct{}, error) {
			return nil, nil
		})
	absent := httptest.NewRecorder()
	s.Engine().ServeHTTP(absent, httptest.NewRequest(http.MethodPost, "/crates", http.NoBody))
	require.Equal(t, http.StatusNoContent, absent.Code, absent.Body)
	require.Equal(t, http.StatusNoContent, sendJSON(s, "/crates", "").Code)
	require.Equal(t, http.StatusNoContent, sendJSON(s, "/crates", "{}").Code)
	require.Equal(t, []crate{{}, {}, {}}, got)
	require.Equal(t, http.StatusBadRequest, sendJSON(s, "/named", "").Code, "a field is required")

	document := httptest.NewRecorder()
	s.Engine().ServeHTTP(document, httptest.NewRequest(http.MethodGet, "/openapi.json", http.NoBody))
	var described struct {
		Paths map[string]struct {
			Post struct{ RequestBody struct{ Required bool } }
		}
	}
	require.NoError(t, json.Unmarshal(document.Body.Bytes(), &described))
	require.False(t, described.Paths["/crates"].Post.RequestBody.Required)
	require.True(t, described.Paths["/named"].Post.RequestBody.Required)
}

func sendJSON(s *web.Server, path, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func problem(t *testing.T, w *httptest.ResponseRecorder, status int, code string) web.Problem {
	t.Helper()
	require.Equal(t, status, w.Code, w.Body)
	var p web.Problem
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
	require.Equal(t, code, p.Code, w.Body)
	return p
}

func TestBody_NullIsRefusedWhereTheSchemaIsNotNullable(t *testing.T) {
	t.Parallel()
	s := warehouse(t, func(crate) {})
	for body, location := range map[string]string{
		`{"name":null}`:                           "body.name",
		`{"count":null}`:                          "body.count",
		`{"fragile":null}`:                        "body.fragile",
		`{"size":null}`:                           "body.size",
		`{"size":{"size":null}}`:                  "body.size.size",
		`{"pointer":null}`:                        "body.pointer",
		`{"parcels":null}`:                        "body.parcels",
		`{"parcels":[{},null]}`:                   "body.parcels[1]",
		`{"parcels":[{"notes":null}]}`:            "body.parcels[0].notes",
		`{"notes":{"s3cret":null}}`:               "body.notes",
		`{"replaced":null}`:                       "body.replaced",
		`null`:                                    "body",
		`{"name":"a","count": null,"place":null}`: "body.count",
	} {
		p := problem(t, sendJSON(s, "/crates", body), http.StatusUnprocessableEntity, "invalid")
		require.Equal(t, []web.ErrorDetail{{Location: location, Message: "must not be null"}}, p.Errors, body)
	}
}

func TestBody_NullClearsWhereTheSchemaSaysSo(t *testing.T) {
	t.Parallel()
	var got crate
	s := warehouse(t, func(c crate) { got = c })
	const id = "0198c0de-0000-7000-8000-000000000001"
	for body, want := range map[string]crate{
		`{}`:                        {},
		`{"place":null}`:            {Place: web.Change[string]{Sent: true, Null: true}},
		`{"place":"` + id + `"}`:    {Place: web.Set(id)},
		`{"phone":null,"any":null}`: {},
	} {
		require.Equal(t, http.StatusNoContent, sendJSON(s, "/crates", body).Code, body)
		require.Equal(t, want, got, body)
	}
	problem(t, sendJSON(s, "/crates", `{"place":""}`), http.StatusUnprocessableEntity, "invalid")
	require.Nil(t, web.Change[string]{}.Pointer())
	require.Empty(t, *web.Change[string]{Sent: true, Null: true}.Pointer())
	require.Equal(t, "a", *web.Set("a").Pointer())

	document := get(s, "/openapi.json").Body.String()
	require.Contains(t, document, `"place":{"format":"uuid","type":["string","null"]}`)
	require.Contains(t, document, `"phone":{"format":"password","type":["string","null"]}`)
	require.Contains(t, document, `"pointer":{"format":"password","type":"string"}`)
}

func TestBody_TextIsRefusedBeforeItIsDecodedWhenItWouldBeReplaced(t *testing.T) {
	t.Parallel()
	s := warehouse(t, func(crate) { t.Error("the handler was called") })
	for name, body := range map[string]string{
		"not UTF-8":              "{\"name\":\"\xff\"}",
		"not UTF-8 in a name":    "{\"n\xffme\":1}",
		"half a pair":            `{"name":"\ud800"}`,
		"the other half":         `{"name":"a\udfffb"}`,
		"half a pair in any":     `{"any":[{"x":"\uD83D\u0041"}]}`,
		"half a pair in a key":   `{"notes":{"\ud83d":"x"}}`,
		"half a pair in unknown": `{"other":"\ud83d"}`,
		"a byte order mark":      "\uFEFF{}",
	} {
		w := sendJSON(s, "/crates", body)
		problem(t, w, http.StatusBadRequest, "malformed")
		require.NotContains(t, w.Body.String(), "\uFFFD", name)
	}
	read := ""
	s = warehouse(t, func(c crate) { read = c.Name })
	require.Equal(t, http.StatusNoContent, sendJSON(s, "/crates", `{"name":"\uD83D\uDE00 \uFFFD é"}`).Code)
	require.Equal(t, "😀 \uFFFD é", read)
}

// floods are the bodies of about 1 MB that the smallest mistake would turn into much memory or a large reply.
func floods() map[string]string {
	var unknown strings.Builder
	for i := range 70_000 {
		fmt.Fprintf(&unknown, `"field%06d":1,`, i)
	}
	return map[string]string{
		"unknown fields": `{` + unknown.String() + `"z":1}`,
		"map entries":    `{"notes":{` + unknown.String() + `"z":1}}`,
		"empty items":    `{"parcels":[` + strings.Repeat("{},", 340_000) + `{}]}`,
		"wrong items":    `{"parcels":[` + strings.Repeat("0,", 500_000) + `0]}`,
		"null items":     `{"parcels":[` + strings.Repeat("null,", 200_000) + `null]}`,
		"any items":      `{"any":[` + strings.Repeat("{},", 340_000) + `{}]}`,
		"nested lists":   `{"any":` + strings.Repeat("[", 500_000) + strings.Repeat("]", 500_000) + `}`,
		"nested objects": `{"any":` + strings.Repeat(`{"a":`, 200_000) + `1` + strings.Repeat(`}`, 200_000) + `}`,
		"one long text":  `{"name":"` + strings.Repeat("a", 1<<20) + `"}`,
		"unfinished":     `{"name":"` + strings.Repeat("a", 1<<20),
		"white space":    strings.Repeat(" ", 1<<20) + `{}`,
		"no JSON":        strings.Repeat("\x00", 1<<20),
	}
}

// allocated is how many bytes a call of do takes, the mean of several.
func allocated(do func()) int {
	const runs = 5
	do()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		do()
	}
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc-before.TotalAlloc) / runs
}

// Not parallel: it measures the memory of the process.
func TestBody_P42_NoReplyAndNoMemoryGrowsWithTheInput(t *testing.T) {
	for _, limit := range []int64{web.DefaultMaxBody, 2 << 20} { // refused by their length; let through, as if a route took so much
		s := web.New(web.Options{Service: "crate-service", Telemetry: telemetry.Nop(), MaxBody: limit})
		web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/crates"}, "A test."),
			func(context.Context, *crateInput) (*struct{}, error) { return nil, nil })
		for name, body := range floods() {
			if limit > web.DefaultMaxBody && (name == "one long text" || name == "white space") {
				continue // a route that allows it gets it
			}
			var w *httptest.ResponseRecorder
			taken := allocated(func() { w = sendJSON(s, "/crates", body) })
			require.GreaterOrEqual(t, w.Code, 400, name)
			require.Less(t, w.Code, 500, name)
			require.Less(t, w.Body.Len(), 4<<10, name)
			if limit == web.DefaultMaxBody {
				require.Equal(t, http.StatusRequestEntityTooLarge, w.Code, name)
				require.Less(t, taken, 64<<10, name)
			}
			// Under the race detector a buffer that grows is allocated twice.
			require.Less(t, taken, 2*len(body)+64<<10, "%s: what is read, and nothing that is built of it", name)
			t.Logf("limit %7d, %-14s: %d, reply %4d bytes, allocated %6d bytes", limit, name, w.Code, w.Body.Len(), taken)
		}
	}
}

func TestBody_P42_TheFirstErrorsAreEnough(t *testing.T) {
	t.Parallel()
	s := warehouse(t, func(crate) {})
	p := problem(t, sendJSON(s, "/crates", `{"parcels":[`+strings.Repeat(`{"size":0},`, 99)+`{}]}`), http.StatusUnprocessableEntity, "invalid")
	require.Len(t, p.Errors, 20)
	require.Equal(t, "body.parcels[0].size", p.Errors[0].Location)
}

func TestBody_CountsOfTheSchemaComeBeforeTheValidationOfWhatIsCounted(t *testing.T) {
	t.Parallel()
	s := warehouse(t, func(crate) {})
	p := problem(t, sendJSON(s, "/crates", `{"parcels":[`+strings.Repeat(`{"size":0},`, 100)+`{}]}`), http.StatusUnprocessableEntity, "invalid")
	require.Equal(t, []web.ErrorDetail{{Location: "body.parcels", Message: "has too many items"}}, p.Errors)
	p = problem(t, sendJSON(s, "/crates", `{"size":{"a":1,"b":2,"c":3}}`), http.StatusUnprocessableEntity, "invalid")
	require.Equal(t, []web.ErrorDetail{{Location: "body.size", Message: "has a field that is not known here"}}, p.Errors)
}

func TestBody_EveryRouteHasALimitAndTellsIt(t *testing.T) {
	t.Parallel()
	s := warehouse(t, func(crate) {})
	fits, over := `{"name":"`+strings.Repeat("a", 29)+`"}`, `{"name":"`+strings.Repeat("a", 30)+`"}`
	require.Len(t, fits, 40)
	chunked := func(path, body string) int {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.ContentLength = -1
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w.Code
	}
	for _, path := range []string{"/small", "/raw"} {
		require.Equal(t, http.StatusNoContent, sendJSON(s, path, fits).Code, path)
		require.Equal(t, http.StatusNoContent, chunked(path, fits), path)
		problem(t, sendJSON(s, path, over), http.StatusRequestEntityTooLarge, "body_too_large")
		require.Equal(t, http.StatusRequestEntityTooLarge, chunked(path, over), path)
	}
	require.Equal(t, http.StatusNoContent, sendJSON(s, "/none", `{"what":"ever"}`).Code, "a body that nobody reads")
	problem(t, sendJSON(s, "/none", strings.Repeat("a", web.DefaultMaxBody+1)), http.StatusRequestEntityTooLarge, "body_too_large")

	var document struct {
		Paths map[string]map[string]struct {
			Limit       int64           `json:"x-max-body-bytes"`
			RequestBody json.RawMessage `json:"requestBody"`
		}
	}
	require.NoError(t, json.Unmarshal(get(s, "/openapi.json").Body.Bytes(), &document))
	for path, limit := range map[string]int64{"/crates": web.DefaultMaxBody, "/small": 40, "/raw": 40, "/none": 0} {
		operation := document.Paths[path]["post"]
		require.Equal(t, limit, operation.Limit, path)
		require.Equal(t, limit > 0, operation.RequestBody != nil, path)
	}
}

func TestBody_WorkStopsWhenItsCallerIsGone(t *testing.T) {
	t.Parallel()
	s := web.New(web.Options{Service: "crate-service", Telemetry: telemetry.Nop()})
	begun, ended := make(chan struct{}), make(chan error, 1)
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/crates"}, "A test."),
		func(ctx context.Context, _ *crateInput) (*struct{}, error) {
			close(begun)
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		})
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	ctx, hangUp := context.WithCancel(t.Context())
	go func() { <-begun; hangUp() }()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL+"/crates", strings.NewReader(`{"name":"a"}`))
	require.NoError(t, err)
	_, err = http.DefaultClient.Do(r)
	require.ErrorIs(t, err, context.Canceled)
	testkit.Eventually(t, time.Minute, func() bool { return len(ended) == 1 })
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestBody_NothingIsDecodedForACallerWhoHasLeft(t *testing.T) {
	t.Parallel()
	s := warehouse(t, func(crate) { t.Error("the handler was called") })
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/crates", strings.NewReader(`{"name":"a"}`))
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	problem(t, w, http.StatusBadRequest, "malformed")
}

// BenchmarkBody is a POST of three lines and an address, as an order is, without the network.
func BenchmarkBody(b *testing.B) {
	type item struct {
		ProductID web.ID `json:"product_id"`
		Quantity  int64  `json:"quantity" minimum:"1" maximum:"1000"`
	}
	type input struct {
		RawBody []byte
		Body    struct {
			Items   []item `json:"items" minItems:"1" maxItems:"100"`
			Address struct {
				Name, Line1, City, Country string
			} `json:"shipping_address"`
			PaymentMethod web.ForeignID `json:"payment_method_id" minLength:"1" maxLength:"255"`
		}
	}
	s := web.New(web.Options{Service: "crate-service", Telemetry: telemetry.Nop()})
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/orders"}, "A test."),
		func(context.Context, *input) (*struct{}, error) { return nil, nil })
	body := `{"items":[` + strings.Repeat(`{"product_id":"0198c0de-0000-7000-8000-000000000001","quantity":2},`, 2) +
		`{"product_id":"0198c0de-0000-7000-8000-000000000002","quantity":1}],"shipping_address":{"Name":"Ada Lovelace",` +
		`"Line1":"12 St James's Square","City":"London","Country":"GB"},"payment_method_id":"pm_card_visa"}`
	b.ReportAllocs()
	for b.Loop() {
		if w := sendJSON(s, "/orders", body); w.Code != http.StatusNoContent {
			b.Fatal(w.Body)
		}
	}
}
