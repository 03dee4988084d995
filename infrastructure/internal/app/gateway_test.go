package app_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/infrastructure/internal/app"
	"marketplace/infrastructure/internal/config"
	"marketplace/shared/auth/authtest"
	"marketplace/shared/testkit"
)

// The gateway watches its settings in Consul; those of a marketplace that runs on this machine are not the tests'.
func TestMain(m *testing.M) {
	if err := os.Setenv("GATEWAY_CONSUL_URL", "http://127.0.0.1:1"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

const within = time.Minute

// gateway is a whole one, in front of services that the test plays.
type gateway struct {
	url    string
	addr   string
	inside string // where operators read the metrics
	issuer *authtest.Issuer
	stop   func() error // ends it and returns what Run returned
	client *http.Client
}

// start runs a gateway whose services are all the handler; it learns from X-Service which one it plays.
func start(t *testing.T, service http.HandlerFunc, change func(*config.Config)) *gateway {
	t.Helper()
	cfg, err := config.Load()
	require.NoError(t, err)
	cfg.ConsulURL, cfg.LogLevel, cfg.ServerPort = "", "disabled", testkit.FreePort(t)
	cfg.MetricsAddr = fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	issuer := authtest.New(t)
	cfg.JWKSURL = issuer.JWKSURL
	for name, address := range map[string]*string{
		"user-service": &cfg.UserServiceURL, "product-service": &cfg.ProductServiceURL, "order-service": &cfg.OrderServiceURL,
		"payment-service": &cfg.PaymentServiceURL, "warehouse-service": &cfg.WarehouseServiceURL,
	} {
		*address = play(t, name, service)
	}
	if change != nil {
		change(&cfg)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx, cfg) }()
	g := &gateway{addr: fmt.Sprintf("127.0.0.1:%d", cfg.ServerPort), issuer: issuer, client: &http.Client{Transport: &http.Transport{}}}
	g.url, g.inside = "http://"+g.addr, "http://"+cfg.MetricsAddr
	g.stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { require.NoError(t, g.stop()); g.client.CloseIdleConnections() })
	testkit.Eventually(t, within, func() error {
		reply, err := g.client.Get(g.url + "/health/live")
		if err != nil {
			return err
		}
		return reply.Body.Close()
	})
	return g
}

// play is a service; like a real one it describes itself.
func play(t *testing.T, name string, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/health/ready":
		case "/openapi.json":
			_, _ = io.WriteString(w, description(name))
		default:
			r.Header.Set("X-Service", name)
			handler(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func description(name string) string {
	word, _, _ := strings.Cut(name, "-")
	return fmt.Sprintf(`{"openapi":"3.1.0","info":{"title":"x","version":"1"},"tags":[{"name":%[1]q}],
		"paths":{"/api/v1/%[1]s":{"get":{}},"/internal/%[1]s":{},"/api/v1/%[1]ss":{"get":{}},
			"/api/v1/%[1]ss/{id}/mine":{"get":{"security":[{"bearer":[]}]},"post":{"security":[{"bearer":[]}]}}},
		"components":{"schemas":{"%[1]sThing":{"type":"object"},"Money":{"type":"object"}}}}`, word)
}

// seen is what a service was sent.
type seen struct {
	Service, Method, URI, Host string
	Header                     http.Header
	Body                       int
}

// echo is a service that answers with what it was sent.
func echo(w http.ResponseWriter, r *http.Request) {
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Request-ID", "the service's own")
	_ = json.NewEncoder(w).Encode(seen{
		Service: r.Header.Get("X-Service"), Method: r.Method, URI: r.RequestURI, Host: r.Host, Header: r.Header, Body: int(n),
	})
}

// reply is an answer that has been read.
type reply struct {
	status int
	header http.Header
	body   string
}

// has is for bodies that are too long to be printed when they are wrong.
func (r reply) has(part string) bool { return strings.Contains(r.body, part) }

func (g *gateway) send(t *testing.T, method, path string, body io.Reader, headers ...string) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, g.url+path, body)
	require.NoError(t, err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	got, err := g.client.Do(r)
	require.NoError(t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return reply{status: got.StatusCode, header: got.Header, body: string(text)}
}

// metrics are the gateway's, as Prometheus reads them.
func (g *gateway) metrics(t *testing.T) reply {
	t.Helper()
	public := g.url
	defer func() { g.url = public }()
	g.url = g.inside
	return g.get(t, "/metrics")
}

func (g *gateway) get(t *testing.T, path string, headers ...string) reply {
	t.Helper()
	return g.send(t, http.MethodGet, path, http.NoBody, headers...)
}

// answered asks until there is another reply than a time-out: a busy machine may take longer than a test's short limit. A service that
// is left alone is refused at once, which is no time-out.
func (g *gateway) answered(t *testing.T, path string) (got reply) {
	t.Helper()
	testkit.Eventually(t, within, func() bool {
		got = g.get(t, path)
		return got.status != http.StatusGatewayTimeout
	})
	return got
}

// echoed decodes what the service saw.
func (r reply) echoed(t *testing.T) seen {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status, r.body)
	var s seen
	require.NoError(t, json.Unmarshal([]byte(r.body), &s))
	return s
}

// requireProblem checks that a reply is a problem with the code.
func requireProblem(t *testing.T, r reply, status int, code string) {
	t.Helper()
	require.Equal(t, status, r.status, r.body)
	require.Equal(t, "application/problem+json", r.header.Get("Content-Type"))
	var p struct {
		Status  int
		Code    string
		TraceID string `json:"trace_id"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &p))
	require.Equal(t, status, p.Status)
	require.Equal(t, code, p.Code)
	require.Len(t, p.TraceID, 32)
}
