package web_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"marketplace/shared/web"
)

// sqlState is the error of a database.
type sqlState string

func (s sqlState) Error() string    { return "out of range in int4pl (SQLSTATE " + string(s) + ")" }
func (s sqlState) SQLState() string { return string(s) }

func TestProblem_OfAFault(t *testing.T) {
	s := newShop(t)
	r := s.call(t, "GET", "/api/v1/sold-out", "")
	p := r.problem(t)
	require.Equal(t, 409, p.Status)
	require.Equal(t, "sold_out", p.Code)
	require.Equal(t, []web.ErrorDetail{{Location: "body.id", Message: "is gone"}}, p.Errors)
	require.EqualValues(t, 0, p.Details["left"])
	require.Equal(t, "2", r.Header.Get("Retry-After"))
	require.NotContains(t, r.Body, "row 17")
}

func TestProblem_AnUnknownErrorIsLoggedOnceAndNotShown(t *testing.T) {
	s := newShop(t)
	for _, path := range []string{"/api/v1/broken", "/api/v1/panic"} {
		r := s.call(t, "GET", path, "")
		p := r.problem(t)
		require.Equal(t, 500, p.Status)
		require.Equal(t, "internal_error", p.Code)
		require.NotContains(t, r.Body, "hunter2")
		require.Equal(t, 1, strings.Count(s.Log.String(), p.TraceID), "one line carries the trace id")
		for line := range strings.Lines(s.Log.String()) {
			if strings.Contains(line, p.TraceID) {
				require.Contains(t, line, "hunter2")
				require.Contains(t, line, `"level":"error"`)
				require.Contains(t, line, `"route":"`+path+`"`)
			}
		}
	}
}

func TestProblem_AValueThatOnlyTheDatabaseRefusedIsLogged(t *testing.T) {
	s := newShop(t)
	r := s.call(t, "GET", "/api/v1/overlooked", "")
	p := r.problem(t)
	require.Equal(t, 422, p.Status)
	require.NotContains(t, r.Body, "int4pl")
	for line := range strings.Lines(s.Log.String()) {
		if strings.Contains(line, p.TraceID) {
			require.Contains(t, line, "out of range in int4pl (SQLSTATE 22003)")
			require.Contains(t, line, `"level":"warn"`)
			require.Contains(t, line, `"route":"/api/v1/overlooked"`)
		}
	}
	require.Contains(t, s.Log.String(), p.TraceID)
}
