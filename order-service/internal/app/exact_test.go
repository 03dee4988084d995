package app_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a POST replies and what is read later are the same to the last digit of a time.
func TestOrders_RepliesArePreciselyWhatIsReadLater(t *testing.T) {
	t.Parallel()
	s := open(t)
	p, lamp := s.customer(), s.catalogue.lamp()
	for range 5 { // the last digits are often zero by chance
		made := p.call(http.MethodPost, "/api/v1/orders", body(item(lamp, 2)), "Idempotency-Key", key())
		require.Equal(t, http.StatusCreated, made.Status, made.Body)
		path := made.Header.Get("Location")
		read := p.call(http.MethodGet, path, "")
		require.JSONEq(t, made.Body, read.Body)
		require.Equal(t, made.Header.Get("ETag"), read.Header.Get("ETag"))

		cancelled := p.call(http.MethodPost, path+"/cancel", `{"reason":"changed my mind"}`)
		require.Equal(t, http.StatusOK, cancelled.Status, cancelled.Body)
		again := p.call(http.MethodPost, path+"/cancel", `{"reason":"changed my mind"}`)
		require.JSONEq(t, cancelled.Body, again.Body, "cancelling twice is cancelling once")
		require.JSONEq(t, cancelled.Body, p.call(http.MethodGet, path, "").Body)
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			require.Equal(t, http.StatusNotModified, p.call(method, path, "", "If-None-Match", cancelled.Header.Get("ETag")).Status)
			require.Equal(t, http.StatusOK, p.call(method, path, "", "If-None-Match", made.Header.Get("ETag")).Status)
		}
	}
}
