package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/telemetry"
	"marketplace/shared/text"
	"marketplace/shared/web"
)

type parcel struct {
	Size  int                     `json:"size,omitempty" minimum:"1"`
	Notes map[text.Line]text.Line `json:"notes,omitempty" keyLength:"20" valueLength:"20"`
}

type parcelInput struct {
	Body struct {
		Parcels []parcel                              `json:"parcels,omitempty"`
		Labels  map[text.Line]map[text.Line]text.Line `json:"labels,omitempty" keyLength:"20" valueLength:"20"`
	}
}

func TestInvalid_AReplyNamesThePlaceAndNoKeyOfTheSender(t *testing.T) {
	t.Parallel()
	s := web.New(web.Options{Service: "test-service", Telemetry: telemetry.Nop()})
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: http.MethodPost, Path: "/parcels"}, "Harmless."),
		func(context.Context, *parcelInput) (*struct{}, error) { return nil, nil })
	for body, location := range map[string]string{
		`{"parcels":[{"size":1},{"size":0}]}`:          "body.parcels[1].size",
		`{"parcels":[{"notes":{"s3cret":5}}]}`:         "body.parcels[0].notes",
		`{"parcels":[{"notes":{"s3cret[0].size":5}}]}`: "body.parcels[0].notes",
		`{"labels":{"s3cret":{"parcels":5}}}`:          "body.labels",
		`{"labels":{"parcels":"s3cret"}}`:              "body.labels",
		`{"parcels":[{"size":1,"notes":"s3cret"}]}`:    "body.parcels[0].notes",
		`{"parcels":"s3cret"}`:                         "body.parcels",
	} {
		r := httptest.NewRequest(http.MethodPost, "/parcels", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		require.Equal(t, http.StatusUnprocessableEntity, w.Code, "%s: %s", body, w.Body)
		require.NotContains(t, w.Body.String(), "s3cret", body)
		var p web.Problem
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &p))
		require.Len(t, p.Errors, 1, body)
		require.Equal(t, location, p.Errors[0].Location, body)
	}
}
