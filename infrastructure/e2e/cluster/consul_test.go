package cluster

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/discovery"
	"marketplace/shared/testkit"
)

// A Consul from before access control: `make run` starts it again with it, and so does whoever upgrades containers.
func TestConsul_OneThatWasOpenIsClosedAndKeepsItsSettings(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	stop := a.open(t)
	open := &Registry{URL: a.url}
	require.Equal(t, http.StatusOK, status(t, open, "", http.MethodPut, "/v1/kv/config/gateway/log_level", "debug"))
	var healthy atomic.Bool
	healthy.Store(true)
	instance := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if !healthy.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(instance.Close)
	leave := announce(t, open, "", "user-service", instance.URL)
	passing := func(r *Registry, token string) bool {
		_, body := r.Ask(t, token, http.MethodGet, "/v1/health/service/user-service?passing", "")
		return strings.Contains(body, `"user-service"`)
	}
	testkit.Eventually(t, time.Minute, func() bool { return passing(open, "") })
	stop()
	leave() // it cannot deregister: the agent is away, and remembers a service without a token

	r, _ := a.guarded(t)
	require.False(t, passing(r, ""))
	code, body := r.Ask(t, r.Token("gateway"), http.MethodGet, "/v1/kv/config/gateway/log_level?raw", "")
	require.Equal(t, http.StatusOK, code)
	require.Equal(t, "debug", body)

	announce(t, r, r.Token("user-service"), "user-service", instance.URL)
	testkit.Eventually(t, time.Minute, func() bool { return passing(r, r.Token("gateway")) })
	healthy.Store(false)
	testkit.Eventually(t, time.Minute, func() bool { return !passing(r, r.Token("gateway")) }, "the agent may report the service's health")
}

func TestConsul_P46_AChangedTokenEndsTheOldOneAndWhatItRegistered(t *testing.T) {
	t.Parallel()
	a := newAgent(t)
	before, stop := a.guarded(t)
	healthy := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	gone, instance := httptest.NewServer(healthy), httptest.NewServer(healthy)
	t.Cleanup(instance.Close)
	passing := func(r *Registry, server *httptest.Server) bool {
		_, body := r.Ask(t, r.Token("gateway"), http.MethodGet, "/v1/health/service/user-service?passing", "")
		return strings.Contains(body, server.Listener.Addr().String())
	}
	leave := announce(t, before, before.Token("user-service"), "user-service", gone.URL)
	testkit.Eventually(t, time.Minute, func() bool { return passing(before, gone) })
	stop()
	leave() // as a crash: the agent is away, and remembers the instance with its token
	gone.Close()

	after, _ := a.guarded(t)
	for _, token := range []string{before.Management, before.Token("user-service")} {
		require.Equal(t, http.StatusForbidden, status(t, after, token, http.MethodGet, "/v1/acl/token/self", ""))
	}
	announce(t, after, after.Token("user-service"), "user-service", instance.URL)
	testkit.Eventually(t, time.Minute, func() bool { return passing(after, instance) && !passing(after, gone) })
}

func TestConsul_P46_ATokenRegistersItsOwnServiceAlone(t *testing.T) {
	t.Parallel()
	r := Consul(t)
	require.Equal(t, http.StatusOK, status(t, r, r.Management, http.MethodPut, "/v1/kv/config/user-service/log_level", "debug"))
	for _, service := range registered {
		for _, other := range registered {
			want := http.StatusForbidden
			if other == service {
				want = http.StatusOK
			}
			body := `{"Name":"` + other + `","ID":"` + other + `-planted","Address":"127.0.0.1","Port":1}`
			require.Equal(t, want, status(t, r, r.Token(service), http.MethodPut, "/v1/agent/service/register", body), "%s as %s", service, other)
		}
	}
	for _, service := range registered {
		require.Equal(t, http.StatusForbidden, status(t, r, "", http.MethodPut, "/v1/agent/service/register", `{"Name":"`+service+`"}`))
		require.Equal(t, http.StatusForbidden, status(t, r, "", http.MethodPut, "/v1/agent/service/deregister/"+service+"-planted", ""))
		_, body := r.Ask(t, "", http.MethodGet, "/v1/health/service/"+service, "")
		require.Equal(t, "[]", strings.TrimSpace(body))
	}
	orders := r.Token("order-service")
	for _, try := range []struct{ method, path, body string }{
		{http.MethodPut, "/v1/catalog/register", `{"Node":"local","Address":"127.9.9.9","Service":{"Service":"user-service"}}`},
		{http.MethodPut, "/v1/catalog/register", `{"Node":"mine","Address":"127.9.9.9","Service":{"Service":"order-service"}}`},
		{http.MethodPut, "/v1/agent/service/deregister/user-service-planted", ""},
		{http.MethodPut, "/v1/kv/config/order-service/log_level", "debug"},
		{http.MethodGet, "/v1/kv/config/user-service/log_level", ""},
		{http.MethodGet, "/v1/acl/tokens", ""},
		{http.MethodPut, "/v1/acl/token", `{"Policies":[{"Name":"global-management"}]}`},
	} {
		require.Equal(t, http.StatusForbidden, status(t, r, orders, try.method, try.path, try.body), "%s %s", try.method, try.path)
	}
}

// announce registers an instance until leave or the end of the test.
func announce(t *testing.T, r *Registry, token, service, address string) (leave func()) {
	t.Helper()
	client, err := discovery.New(discovery.Options{URL: r.URL, Token: token})
	require.NoError(t, err)
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	port, err := strconv.Atoi(parsed.Port())
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := client.Register(ctx, discovery.Registration{Service: service, HTTPPort: port}); err != nil {
			t.Error(err)
		}
	})
	leave = func() { cancel(); done.Wait() }
	t.Cleanup(leave)
	return leave
}

func status(t *testing.T, r *Registry, token, method, path, body string) int {
	t.Helper()
	code, _ := r.Ask(t, token, method, path, body)
	return code
}
