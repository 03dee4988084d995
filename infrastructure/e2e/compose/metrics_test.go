//go:build compose

package compose

import (
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
)

const prometheus = "http://127.0.0.1:9090"

// metrics wants every target up, and every query of the dashboards and alerts to return data after the journeys.
func (m *market) metrics(t *testing.T) {
	for _, job := range []string{"gateway", "user-service", "product-service", "order-service", "payment-service", "warehouse-service", "rabbitmq"} {
		require.Eventually(t, func() bool { return targets(t, job) > 0 }, time.Minute, time.Second, "%s is not scraped", job)
	}
	queries := append(dashboardQueries(t), alertQueries(t)...)
	require.Greater(t, len(queries), 40)
	for _, q := range queries {
		require.Eventually(t, func() bool { return len(query(t, q)) > 0 }, time.Minute, time.Second, "no data: %s", q)
	}
	var rules struct {
		Data struct {
			Groups []struct {
				Rules []struct{ Name, Health, LastError string }
			}
		}
	}
	require.Equal(t, http.StatusOK, get(t, prometheus+"/api/v1/rules", &rules))
	require.NotEmpty(t, rules.Data.Groups)
	for _, rule := range rules.Data.Groups[0].Rules {
		require.Empty(t, rule.LastError, rule.Name)
	}
}

// targets counts a job's instances that answer Prometheus now.
func targets(t *testing.T, job string) (n int) {
	t.Helper()
	var reply struct {
		Data struct {
			ActiveTargets []struct {
				ScrapePool, Health string
			}
		}
	}
	get(t, prometheus+"/api/v1/targets?state=active", &reply)
	for _, target := range reply.Data.ActiveTargets {
		if target.ScrapePool == job && target.Health == "up" {
			n++
		}
	}
	return n
}

// upstreams is to how many instances of a service the gateway sends requests now.
func upstreams(t *testing.T, service string) int {
	t.Helper()
	return gauge(t, "gateway_instances", service)
}

// gauge is what the gateway says of a service now.
func gauge(t *testing.T, name, service string) (n int) {
	t.Helper()
	reply := client.New("http://127.0.0.1:9080").Do(t, http.MethodGet, "/metrics", nil)
	_, rest, found := strings.Cut(string(reply.Body), name+`{service="`+service+`"} `)
	require.True(t, found, service)
	_, err := fmt.Sscan(rest, &n)
	require.NoError(t, err)
	return n
}

func query(t *testing.T, expression string) []any {
	t.Helper()
	var reply struct {
		Data  struct{ Result []any }
		Error string
	}
	status := get(t, prometheus+"/api/v1/query?query="+url.QueryEscape(expression), &reply)
	require.NotEqual(t, http.StatusBadRequest, status, "%s: %s", expression, reply.Error)
	return reply.Data.Result
}

// Prometheus itself evaluates every alert on made-up series.
func TestAlerts_FireAndRest(t *testing.T) {
	out := docker(t, "run", "--rm", "-v", filepath.Join(root(t), "infrastructure/prometheus")+":/etc/prometheus:ro",
		"--entrypoint", "promtool", "prom/prometheus:v3.5.0", "test", "rules", "/etc/prometheus/alerts_test.yml")
	require.Contains(t, out, "SUCCESS")
}
