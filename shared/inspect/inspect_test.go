package inspect_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"marketplace/shared/inspect"
	"marketplace/shared/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a handler as a service does, and returns its address and what ends it.
func serve(t *testing.T, handler http.Handler) (url string, stop func()) {
	t.Helper()
	addr := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- inspect.Serve(ctx, addr, handler) }()
	return "http://" + addr, func() { cancel(); require.NoError(t, <-ended) }
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	var body string
	testkit.Eventually(t, time.Minute, func() error {
		res, err := client.Get(url)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", url, res.Status)
		}
		all, err := io.ReadAll(res.Body)
		body = string(all)
		return err
	})
	return body
}

func TestServe_MetricsUntilTheEnd(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	registry.MustRegister(prometheus.NewCounter(prometheus.CounterOpts{Name: "seen_total"}))
	url, stop := serve(t, inspect.Metrics(registry))
	require.Contains(t, get(t, url+"/metrics"), "seen_total 0")
	stop()
}

func TestServe_Profiles(t *testing.T) {
	t.Parallel()
	url, stop := serve(t, inspect.Profiles())
	require.Contains(t, get(t, url+"/debug/pprof/goroutine?debug=1"), "goroutine profile")
	require.Contains(t, get(t, url+"/debug/pprof/"), "heap")
	stop()
}

func TestServe_ATakenAddressIsAnError(t *testing.T) {
	t.Parallel()
	url, stop := serve(t, inspect.Profiles())
	get(t, url+"/debug/pprof/")
	require.Error(t, inspect.Serve(t.Context(), url[len("http://"):], inspect.Profiles()))
	stop()
}

func TestLoopback_RefusesWhatOthersReach(t *testing.T) {
	for _, addr := range []string{":6060", "0.0.0.0:6060", "[::]:6060", "10.0.0.1:6060", "localhost:6060", "127.0.0.1"} {
		require.Error(t, inspect.Loopback(addr), addr)
	}
	for _, addr := range []string{"127.0.0.1:6060", "[::1]:6060"} {
		require.NoError(t, inspect.Loopback(addr), addr)
	}
}
