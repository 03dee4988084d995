package web_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/telemetry"
	"marketplace/shared/testkit"
	"marketplace/shared/web"
)

// serving is a server on a port of its own.
type serving struct {
	*web.Server
	URL  string
	Stop context.CancelFunc
	Done chan error
}

func serve(t *testing.T, s *web.Server) *serving {
	t.Helper()
	listener, err := web.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	return serveOn(t, s, listener)
}

func serveOn(t *testing.T, s *web.Server, listener net.Listener) *serving {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	v := &serving{Server: s, URL: "http://" + listener.Addr().String(), Stop: cancel, Done: make(chan error, 1)}
	go func() { v.Done <- s.ServeOn(ctx, listener) }()
	t.Cleanup(cancel)
	return v
}

func bare(checks ...web.Check) *web.Server {
	return web.New(web.Options{
		Service: "shop-service", Telemetry: telemetry.Nop(), Checks: checks, Timeout: 300 * time.Millisecond,
		Verifier: auth.NewVerifier(auth.VerifierOptions{JWKSURL: "http://127.0.0.1:1"}),
	})
}

// waits registers a route whose handler says that it has begun and waits for its context or a release.
func waits(s *web.Server, path string, timeout time.Duration, begun chan<- struct{}, release <-chan struct{}) {
	op := web.WithTimeout(web.WithoutKey(huma.Operation{Method: "POST", Path: path}, "Harmless."), timeout)
	web.Handle(s, auth.Public(), op, func(ctx context.Context, _ *struct {
		Body struct {
			A int `json:"a,omitempty"`
		}
	},
	) (*struct{ Body string }, error) {
		begun <- struct{}{}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-release:
			return &struct{ Body string }{"released"}, nil
		case <-web.Stopping(ctx):
			return &struct{ Body string }{"stopping"}, nil
		}
	})
}

func post(url string) (int, string, error) {
	res, err := http.Post(url, "application/json", strings.NewReader("{}"))
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, string(body), err
}

func fetch(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(body)
}

func TestServe_P47_DrainsWithoutAFailedRequest(t *testing.T) {
	s := bare()
	begun, release := make(chan struct{}, 1), make(chan struct{})
	web.Handle(s, auth.Public(), web.WithTimeout(huma.Operation{Method: "GET", Path: "/slow"}, time.Minute),
		func(context.Context, *struct{}) (*struct{ Body string }, error) {
			begun <- struct{}{}
			<-release
			return &struct{ Body string }{"finished"}, nil
		})
	v := serve(t, s)
	result := make(chan string, 1)
	go func() {
		_, body := fetch(t, v.URL+"/slow")
		result <- body
	}()
	<-begun
	v.Stop()
	testkit.Eventually(t, time.Minute, func() bool { // unready first, while it still answers
		res, err := http.Get(v.URL + "/health/ready")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusServiceUnavailable
	})
	testkit.Eventually(t, time.Minute, v.refuses, "then nothing new")
	close(release)
	require.Contains(t, <-result, "finished")
	require.NoError(t, <-v.Done)
}

func TestServe_P47_WaitingHandlersAreToldToReturn(t *testing.T) {
	s := bare()
	begun := make(chan struct{}, 1)
	waits(s, "/wait", -1, begun, nil)
	v := serve(t, s)
	result := make(chan string, 1)
	go func() {
		_, body, _ := post(v.URL + "/wait")
		result <- body
	}()
	<-begun
	v.Stop()
	require.Contains(t, <-result, "stopping")
	require.NoError(t, <-v.Done)
}

func TestHandle_ATimeoutIsA504AndARouteMayHaveAnother(t *testing.T) {
	s := bare()
	begun, release := make(chan struct{}, 1), make(chan struct{})
	waits(s, "/usual", 300*time.Millisecond, begun, nil)
	waits(s, "/endless", -1, begun, release)
	v := serve(t, s)

	status, body, err := post(v.URL + "/usual")
	require.NoError(t, err)
	<-begun
	require.Equal(t, 504, status, body)
	require.Contains(t, body, `"code":"timeout"`)

	go func() {
		<-begun
		started := time.Now()
		testkit.Eventually(t, time.Minute, func() bool { return time.Since(started) > 600*time.Millisecond })
		close(release)
	}()
	status, body, err = post(v.URL + "/endless")
	require.NoError(t, err)
	require.Equal(t, 200, status, body)
}

func TestServe_SlowClientsAreCutOff(t *testing.T) {
	v := serve(t, bare())
	conn, err := net.Dial("tcp", strings.TrimPrefix(v.URL, "http://"))
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = io.WriteString(conn, "GET /health/live HTTP/1.1\r\nHost: shop\r\nX-Slow: ")
	require.NoError(t, err)
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(8*time.Second)))
	_, err = io.ReadAll(bufio.NewReader(conn))
	require.NoError(t, err, "the server has closed the connection")
}

func TestServe_AnAddressInUseIsAnErrorAtOnce(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	require.ErrorContains(t, bare().Serve(t.Context(), listener.Addr().String()), "in use")
}

func TestHealth_P49_OnlyWhatIsCriticalMakesItUnready(t *testing.T) {
	for _, c := range []struct {
		database, broker error
		status           int
		word             string
	}{
		{nil, nil, 200, "ready"},
		{nil, errors.New("dial 10.0.0.1"), 200, "degraded"},
		{errors.New("dial 10.0.0.1"), nil, 503, "unavailable"},
		{errors.New("a"), errors.New("b"), 503, "unavailable"},
	} {
		v := serve(t, bare(
			web.Check{Name: "postgres", Critical: true, Probe: func(context.Context) error { return c.database }},
			web.Check{Name: "rabbitmq", Probe: func(context.Context) error { return c.broker }},
		))
		status, body := fetch(t, v.URL+"/health/ready")
		require.Equal(t, c.status, status, body)
		require.Contains(t, body, fmt.Sprintf("%q", c.word))
		require.NotContains(t, body, "10.0.0.1")
		status, _ = fetch(t, v.URL+"/health/live")
		require.Equal(t, 200, status)
	}
}

func TestHealth_P49_ManyWhoAskMakeOneProbeASecond(t *testing.T) {
	var probes atomic.Int32
	v := serve(t, bare(web.Check{Name: "postgres", Critical: true, Probe: func(context.Context) error {
		if probes.Add(1) > 1 {
			return errors.New("gone")
		}
		return nil
	}}))
	var asking sync.WaitGroup
	for range 20 {
		asking.Go(func() { fetch(t, v.URL+"/health/ready") })
	}
	asking.Wait()
	require.EqualValues(t, 1, probes.Load())
	testkit.Eventually(t, time.Minute, func() bool {
		status, _ := fetch(t, v.URL+"/health/ready")
		return status == 503
	}, "the change to be seen")
}

func TestHealthCommand(t *testing.T) {
	handled, err := web.HealthCommand([]string{"migrate", "up"}, 1)
	require.False(t, handled)
	require.NoError(t, err)

	v := serve(t, bare())
	var port int
	_, err = fmt.Sscanf(v.URL, "http://127.0.0.1:%d", &port)
	require.NoError(t, err)
	handled, err = web.HealthCommand([]string{"health"}, port)
	require.True(t, handled)
	require.NoError(t, err)
	v.Stop()
	require.NoError(t, <-v.Done)
	_, err = web.HealthCommand([]string{"health"}, port)
	require.Error(t, err)
}

func TestListen_APortThatIsTakenIsAnErrorThatSaysWhatToDo(t *testing.T) {
	taken, err := web.Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	_, err = web.Listen(t.Context(), taken.Addr().String())
	require.ErrorContains(t, err, "another process listens on "+taken.Addr().String())
	require.ErrorContains(t, err, "SERVER_PORT")
}
