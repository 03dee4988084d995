package web_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"marketplace/shared/fault"
	"marketplace/shared/telemetry"
	"marketplace/shared/web"
)

func TestRefuse_ARawRouteAnswersWithProblemsToo(t *testing.T) {
	t.Parallel()
	document := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("merged")) })
	s := web.New(web.Options{Service: "gateway", Telemetry: telemetry.Nop(), OpenAPI: document})
	away := fault.New(fault.Unavailable, "away", "Away.").WithRetryAfter(1500 * time.Millisecond)
	s.Engine().GET("/away", func(c *gin.Context) { s.Refuse(c, away) })
	s.Engine().GET("/large", func(c *gin.Context) { s.Refuse(c, web.ProblemFor(http.StatusRequestEntityTooLarge)) })

	reply := get(s, "/away")
	require.Equal(t, http.StatusServiceUnavailable, reply.Code)
	require.Equal(t, "2", reply.Header().Get("Retry-After"))
	require.Equal(t, "application/problem+json", reply.Header().Get("Content-Type"))
	require.Contains(t, reply.Body.String(), `"code":"away"`)
	require.Contains(t, get(s, "/large").Body.String(), `"code":"body_too_large"`)
	require.Equal(t, "merged", get(s, "/openapi.json").Body.String())
}

func get(s *web.Server, path string) *httptest.ResponseRecorder {
	reply := httptest.NewRecorder()
	s.Handler().ServeHTTP(reply, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	return reply
}
