package config_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"marketplace/shared/config"
	"marketplace/shared/testkit"
)

// watched is a process that follows its settings in Consul.
type watched struct {
	t            *testing.T
	url, service string
	current      *config.Current[settings]
	log          testkit.Log
	changed      chan settings
	limit        func() int
}

// watch starts one with the settings that the environment of the test gives, until the test ends.
func watch(t *testing.T, url, service string) *watched {
	t.Helper()
	t.Setenv("CONSUL_URL", url)
	start, err := config.Load[settings](service)
	require.NoError(t, err)
	w := &watched{t: t, url: url, service: service, current: config.NewCurrent(start), changed: make(chan settings, 10)}
	w.limit = config.Read(w.current, func(s *settings) int { return s.Limit })
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- config.Watch(ctx, zerolog.New(&w.log), service, w.current, func(s *settings) { w.changed <- *s })
	}()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return w
}

func (w *watched) put(key, value string) { put(w.t, w.url, w.service, key, value) }

func (w *watched) delete(key string) { request(w.t, http.MethodDelete, w.url, w.service, key, "") }

// logs waits for a line in the log that holds all of the parts.
func (w *watched) logs(parts ...string) {
	w.t.Helper()
	testkit.Eventually(w.t, time.Minute, func() bool { return w.log.Lines(parts...) > 0 }, "no line with ", parts)
}

func TestWatch_WhatMayChangeTakesEffectAtItsNextUse(t *testing.T) {
	url, service := testkit.Consul(t), testkit.Prefix(t)
	alone(t)
	w := watch(t, url, service)
	require.Equal(t, 10, w.limit())

	w.put("limit", "77")
	require.Equal(t, 77, (<-w.changed).Limit)
	require.Equal(t, 77, w.limit())
	w.logs("a setting has changed", `"key":"limit"`, `"from":"10"`, `"to":"77"`)

	w.delete("limit")
	require.Equal(t, 10, (<-w.changed).Limit, "a deleted key falls back to the layer below")
	require.Equal(t, 10, w.limit())
}

func TestWatch_AKeyThatNeedsARestartIsRefusedAndThoseBesideItAreNot(t *testing.T) {
	url, service := testkit.Consul(t), testkit.Prefix(t)
	alone(t)
	w := watch(t, url, service)

	w.put("server_port", "9999")
	w.logs(`"level":"warn"`, "needs a restart", `"key":"server_port"`, `"in_force":"0"`, `"refused":"9999"`)
	w.put("limit", "20")
	changed := <-w.changed
	require.Equal(t, 20, changed.Limit)
	require.Zero(t, changed.ServerPort)
	require.Equal(t, 1, w.log.Lines("needs a restart"), "said once, however often Consul is read")

	w.put("server_port", "9998")
	w.logs("needs a restart", `"refused":"9998"`)

	w.put("api_key", "hunter2")
	w.logs("needs a restart", "api_key")
	require.NotContains(t, w.log.String(), "hunter2")
}

func TestWatch_InvalidSettingsChangeNothing(t *testing.T) {
	url, service := testkit.Consul(t), testkit.Prefix(t)
	alone(t)
	w := watch(t, url, service)

	w.put("limit", "not a number")
	w.logs(`"level":"warn"`, "settings in Consul are invalid", "limit")
	w.put("limt", "20")
	w.logs("settings in Consul are invalid", "limt")
	w.put("limit", "20") // as long as another key is wrong
	w.delete("limt")
	require.Equal(t, 20, (<-w.changed).Limit)

	w.put("limit", "101")
	w.logs("settings in Consul are invalid", "limit must not be above most")
	require.Equal(t, 20, w.limit())

	// Valid for a process that starts with them, and not for this one.
	w.put("most", "200")
	w.logs("settings in Consul are invalid", "settings that need a restart as they are", "limit must not be above most")
	w.logs("needs a restart", `"key":"most"`)
	require.Equal(t, 20, w.limit())
	require.Empty(t, w.changed)

	w.put("limit", "30")
	require.Equal(t, 30, (<-w.changed).Limit, "valid again")
}

func TestWatch_AKeyThatTheEnvironmentOverrulesIsReported(t *testing.T) {
	url, service := testkit.Consul(t), testkit.Prefix(t)
	alone(t)
	t.Setenv("LIMIT", "5")
	t.Setenv("API_KEY", "from the environment")
	w := watch(t, url, service)
	w.put("limit", "20")
	w.put("api_key", "hunter2")
	w.logs(`"level":"warn"`, "has no effect", `"key":"limit"`)
	w.logs("has no effect", `"key":"api_key"`)
	require.Equal(t, 5, w.limit())
	require.Equal(t, 1, w.log.Lines("has no effect", `"key":"limit"`), "said once")
	require.NotContains(t, w.log.String(), "hunter2")
	require.Empty(t, w.changed)
}

func TestWatch_SurvivesConsulAway(t *testing.T) {
	alone(t)
	var reads atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if reads.Add(1) <= 3 { // the first is that of the start
			http.Error(w, "no leader", http.StatusInternalServerError)
			return
		}
		w.Header().Set("X-Consul-Index", "5")
		if r.URL.Query().Get("index") == "5" {
			<-r.Context().Done()
			return
		}
		_, _ = w.Write([]byte(`[{"Key":"config/shop/limit","Value":"NQ=="}]`))
	}))
	t.Cleanup(server.Close)
	w := watch(t, server.URL, "shop")
	require.Equal(t, 5, (<-w.changed).Limit)
	require.Equal(t, 1, w.log.Lines("cannot be read"), "said once")
}

func TestRead_CostsNoAllocation(t *testing.T) {
	limit := config.Read(config.NewCurrent(settings{}), func(s *settings) int { return s.Limit })
	require.Zero(t, testing.AllocsPerRun(100, func() { _ = limit() }))
}

func put(t *testing.T, url, service, key, value string) {
	t.Helper()
	request(t, http.MethodPut, url, service, key, value)
	t.Cleanup(func() { request(t, http.MethodDelete, url, service, key, "") })
}

func request(t *testing.T, method, url, service, key, value string) {
	t.Helper()
	req, err := http.NewRequest(method, url+"/v1/kv/config/"+service+"/"+key, strings.NewReader(value))
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)
}
