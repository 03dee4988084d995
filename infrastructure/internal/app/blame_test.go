package app_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/internal/config"
	"marketplace/shared/testkit"
)

// often is more than a breaker takes.
const often = 12

// expects is the head of a request whose client waits to be asked for its body.
const expects = "Expect: 100-continue\r\nContent-Length: 1000000\r\n\r\n"

// What a client causes must not take the service away from everybody else.
func TestGateway_P59_WhatAClientCausesOpensNoBreaker(t *testing.T) {
	t.Parallel()
	g := start(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			w.WriteHeader(http.StatusNoContent)
		case r.URL.RawQuery == "refused":
			http.Error(w, "refused before the body was read", http.StatusUnauthorized)
		case r.URL.RawQuery == "expensive":
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		default:
			_, _ = io.Copy(io.Discard, r.Body)
		}
	}, func(c *config.Config) { c.RequestTimeout, c.BodyTimeout = 300*time.Millisecond, 2*time.Second })
	for name, cause := range map[string]func(t *testing.T){
		"input that takes too long": func(t *testing.T) {
			requireProblem(t, g.send(t, http.MethodPost, "/api/v1/orders?expensive", strings.NewReader("{}")), http.StatusGatewayTimeout, "timeout")
		},
		"a large body that takes too long": func(t *testing.T) {
			got := g.send(t, http.MethodPost, "/api/v1/orders?expensive", strings.NewReader(strings.Repeat("a", 100_000)))
			requireProblem(t, got, http.StatusGatewayTimeout, "timeout")
		},
		"a client that hangs up": func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url+"/api/v1/orders?expensive", strings.NewReader("{}"))
			require.NoError(t, err)
			_, err = g.client.Do(r)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		},
		"half a body": func(t *testing.T) {
			connection := g.stall(t, "Content-Length: 1000000\r\n\r\n"+strings.Repeat("a", 70_000))
			require.NoError(t, connection.Close())
		},
		"a refusal before the body": func(t *testing.T) {
			connection := g.call(t, "orders?refused", "Content-Length: 1000000\r\n\r\n"+strings.Repeat("a", 70_000))
			require.Equal(t, http.StatusUnauthorized, answer(t, connection).status)
		},
	} {
		t.Run(name, func(t *testing.T) {
			for range often {
				cause(t)
			}
			require.Equal(t, http.StatusNoContent, g.answered(t, "/api/v1/orders").status)
		})
	}
}

// A service that says it is ready and hangs for everybody is left alone after a while, so that nobody waits for it in vain. The time-out is
// longer than a probe of the breaker keeps its place.
func TestGateway_P48_AServiceThatHangsForEverybodyIsLeftAlone(t *testing.T) {
	t.Parallel()
	g := start(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, func(c *config.Config) {
		c.RequestTimeout, c.TrustedProxies = 2500*time.Millisecond, "127.0.0.1"
	})
	var clients sync.WaitGroup
	for i := range often {
		clients.Go(func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/api/v1/orders", http.NoBody)
			if err != nil {
				t.Error(err)
				return
			}
			r.Header.Set("X-Forwarded-For", fmt.Sprintf("203.0.113.%d", i))
			reply, err := g.client.Do(r)
			if err != nil {
				t.Error(err)
				return
			}
			_ = reply.Body.Close()
			assert.Equal(t, http.StatusGatewayTimeout, reply.StatusCode)
		})
	}
	clients.Wait()
	testkit.Eventually(t, within, func() bool { return g.get(t, "/api/v1/orders").status == http.StatusServiceUnavailable })
}

// call sends the beginning of a POST.
func (g *gateway) call(t *testing.T, path, rest string) net.Conn {
	t.Helper()
	connection, err := net.Dial("tcp", g.addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = connection.Close() })
	_, err = fmt.Fprintf(connection, "POST /api/v1/%s HTTP/1.1\r\nHost: x\r\n%s", path, rest)
	require.NoError(t, err)
	return connection
}

// Who waits to be asked for the body gets the refusal instead, and no service hears of the request.
func TestGateway_P59_ExpectIsAnsweredByTheGateway(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 100)
	g := start(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		asked <- fmt.Sprintf("%s %d %q", r.URL.Path, n, r.Header.Get("Expect"))
		w.WriteHeader(http.StatusNoContent)
	}, nil)
	g.knowsWhatIsSecured(t)
	for len(asked) > 0 {
		<-asked // before the gateway knew, it passed requests on
	}
	for range often {
		began := time.Now()
		refused := answer(t, g.call(t, strings.TrimPrefix(secured, "/api/v1/"), expects))
		requireProblem(t, refused, http.StatusUnauthorized, "not_signed_in")
		require.Less(t, time.Since(began), within)
	}
	require.Empty(t, asked)

	connection := g.call(t, "orders", expects)
	require.Equal(t, http.StatusContinue, answer(t, connection).status, "the body is asked for")
	_, err := io.WriteString(connection, strings.Repeat("a", 1_000_000))
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, answer(t, connection).status)
	require.Equal(t, `/api/v1/orders 1000000 ""`, <-asked)
}
