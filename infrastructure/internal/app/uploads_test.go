package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/internal/config"
	"marketplace/shared/testkit"
)

const (
	smallHead = "Content-Length: 100\r\n\r\n{" // waited for before the service hears of it
	largeHead = "Content-Length: 70000\r\n\r\n{"
)

func TestGateway_ASlowClientIsCutOff(t *testing.T) {
	t.Parallel()
	g := start(t, echo, func(c *config.Config) { c.BodyTimeout = 200 * time.Millisecond })
	for _, head := range []string{smallHead, largeHead} {
		requireProblem(t, answer(t, g.stall(t, head)), http.StatusRequestTimeout, "body_timeout")
	}
}

func TestGateway_P49_SlowClientsTakeNoServiceAway(t *testing.T) {
	t.Parallel()
	g := start(t, echo, func(c *config.Config) {
		c.RequestTimeout, c.BodyTimeout = 200*time.Millisecond, time.Second
	})
	slow := make([]net.Conn, 12) // more than open a breaker
	for i := range slow {
		slow[i] = g.stall(t, largeHead)
	}
	for _, connection := range slow {
		requireProblem(t, answer(t, connection), http.StatusRequestTimeout, "body_timeout")
	}
	require.Equal(t, http.StatusOK, g.answered(t, "/api/v1/orders").status)
}

func TestGateway_AnHonestSlowUploadHasTheBodysTime(t *testing.T) {
	t.Parallel()
	g := start(t, echo, func(c *config.Config) { c.RequestTimeout = 2 * time.Second })
	body := io.MultiReader(strings.NewReader(strings.Repeat("a", 40_000)), &late{after: 3 * time.Second},
		strings.NewReader(strings.Repeat("b", 40_000)))
	require.Equal(t, 80_000, g.send(t, http.MethodPost, "/api/v1/orders", body).echoed(t).Body)
}

func TestGateway_ABodysTimeEndsWithTheBody(t *testing.T) {
	t.Parallel()
	g := start(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = (&late{after: 3 * time.Second}).Read(nil)
		w.WriteHeader(http.StatusNoContent)
	}, func(c *config.Config) { c.BodyTimeout = 2 * time.Second })
	for _, size := range []int{100, 100_000} {
		got := g.send(t, http.MethodPost, "/api/v1/orders", strings.NewReader(strings.Repeat("a", size)))
		require.Equal(t, http.StatusNoContent, got.status, "%d bytes: %s", size, got.body)
	}
}

func TestGateway_P49_AServiceThatTakesNoBodyIsLeftAlone(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over })) // reads nothing, and is not ready
	t.Cleanup(hanging.Close)
	g := start(t, echo, func(c *config.Config) {
		c.OrderServiceURL = hanging.URL
		c.RequestTimeout, c.BodyTimeout = 200*time.Millisecond, time.Second // long enough for the client to fill all buffers
	})
	t.Cleanup(func() { close(over) })
	testkit.Eventually(t, within, func() bool {
		got := g.send(t, http.MethodPost, "/api/v1/orders", strings.NewReader(strings.Repeat("a", 15<<20)))
		if got.status == http.StatusServiceUnavailable {
			return true
		}
		requireProblem(t, got, http.StatusGatewayTimeout, "timeout")
		return false
	})
	requireProblem(t, g.get(t, "/api/v1/orders"), http.StatusServiceUnavailable, "service_unavailable")
}

// stall sends the head of a request and a byte of its body.
func (g *gateway) stall(t *testing.T, head string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", g.addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	_, err = fmt.Fprintf(connection, "POST /api/v1/orders HTTP/1.1\r\nHost: x\r\n%s", head)
	require.NoError(t, err)
	return connection
}

// answer reads what comes back on a connection.
func answer(t *testing.T, connection net.Conn) reply {
	t.Helper()
	require.NoError(t, connection.SetReadDeadline(time.Now().Add(within)))
	got, err := http.ReadResponse(bufio.NewReader(connection), nil)
	require.NoError(t, err)
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return reply{status: got.StatusCode, header: got.Header, body: string(body)}
}

// late is an empty part of a body that takes its time.
type late struct{ after time.Duration }

func (l *late) Read([]byte) (int, error) {
	<-time.After(l.after)
	return 0, io.EOF
}
