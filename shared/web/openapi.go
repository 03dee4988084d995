package web

import (
	"encoding/json"
	"net/http"
	"sync"
)

// document serves the OpenAPI document of the server's operations, which is made at the first request: by then all are
// registered. huma's own route makes it without a lock.
func (s *Server) document() http.Handler {
	encode := sync.OnceValues(func() ([]byte, error) { return json.Marshal(s.api.OpenAPI()) })
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body, err := encode()
		if err != nil {
			s.log.Error().Err(err).Msg("the OpenAPI document cannot be encoded")
			http.Error(w, "no document", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(body)
	})
}
