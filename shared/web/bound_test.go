package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/money"
	"marketplace/shared/web"
)

// large is an item with every kind of field that a list may have.
type large struct {
	ID    web.ID       `json:"id"`
	Ref   string       `json:"ref" format:"uuid"`
	Name  string       `json:"name" maxLength:"50"`
	Price *money.Money `json:"price,omitempty"`
	State string       `json:"state" enum:"on,off"`
	Roles []string     `json:"roles" maxItems:"3" enum:"customer,admin"`
	Data  any          `json:"data" maxBytes:"100"`
	N     int64        `json:"n"`
	OK    bool         `json:"ok"`
	At    time.Time    `json:"at"`
	Part
}

// Part is embedded, and so is one with its item.
type Part struct {
	Inner int `json:"inner"`
}

func TestHandle_P42_AListsReplyHasABoundInBytes(t *testing.T) {
	t.Parallel()
	item := large{
		ID: "01900000-0000-7000-8000-000000000001", Ref: "01900000-0000-7000-8000-000000000001", Name: strings.Repeat("😀", 50),
		Price: &money.Money{Amount: -1 << 62, Currency: "USD"}, State: "off", Roles: []string{"customer", "customer", "customer"},
		Data: json.RawMessage(`"` + strings.Repeat("x", 98) + `"`), N: -1 << 62, OK: false,
		At: time.Date(2026, 1, 2, 3, 4, 5, 123456789, time.FixedZone("", 3600)), Part: Part{Inner: -1 << 62},
	}
	s := bare()
	web.Handle(s, auth.Public(), huma.Operation{Method: http.MethodGet, Path: "/things"},
		func(_ context.Context, in *struct{ web.Page }) (*struct{ Body web.List[large] }, error) {
			page := make([]large, in.Limit)
			for i := range page {
				page[i] = item
			}
			return &struct{ Body web.List[large] }{web.NewList(page, strings.Repeat("c", 1024))}, nil
		})
	document := get(s, "/openapi.json").Body.String()
	var said struct {
		Paths map[string]map[string]struct {
			Bound int `json:"x-max-reply-bytes"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(document), &said))
	bound := said.Paths["/things"]["get"].Bound
	page := get(s, "/things?limit=100").Body.String()
	require.LessOrEqual(t, len(page), bound)
	require.Greater(t, len(page), bound*9/10, "no larger than it has to be")
}

func TestHandle_P42_AListWithoutABoundIsNotServed(t *testing.T) {
	t.Parallel()
	refused := func(message string, register func(s *web.Server)) {
		t.Helper()
		defer func() {
			t.Helper()
			got, _ := recover().(string)
			require.Contains(t, got, message)
		}()
		register(bare())
	}
	refused("items[].name is a text and needs maxLength", listing[struct{ web.Page }, struct {
		Name string `json:"name"`
	}])
	refused("items[].lines is a list in a list and needs maxItems", listing[struct{ web.Page }, struct {
		Lines []int `json:"lines"`
	}])
	refused("items[].attributes is a map", listing[struct{ web.Page }, struct {
		Attributes map[string]string `json:"attributes"`
	}])
	refused("items[].data is any JSON and needs maxBytes", listing[struct{ web.Page }, struct {
		Data json.RawMessage `json:"data"`
	}])
	refused("a reply can have", listing[struct{ web.Page }, struct {
		Description string `json:"description" maxLength:"10000"`
	}])
	refused("a list has pages", listing[struct{}, web.ID])
}

func listing[In, Item any](s *web.Server) {
	web.Handle(s, auth.Public(), huma.Operation{Method: http.MethodGet, Path: "/things"},
		func(context.Context, *In) (*struct{ Body web.List[Item] }, error) { return nil, nil })
}

func TestHandle_P42_AWholeListSaysHowLongItIs(t *testing.T) {
	t.Parallel()
	s := bare()
	web.Handle(s, auth.Public(), web.WithoutPages(huma.Operation{Method: http.MethodGet, Path: "/ids"}, 10),
		func(context.Context, *struct{}) (*struct{ Body web.List[web.ID] }, error) { return nil, nil })
	require.Contains(t, get(s, "/openapi.json").Body.String(), `"x-max-reply-bytes":`)
}
