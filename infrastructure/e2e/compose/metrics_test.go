//go:build compose

package compose

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"marketplace/infrastructure/e2e/client"
)

const prometheus = "http://127.0.0.1:9090"

// alertForm is how an alert is written: a query, and a threshold.
var alertForm = regexp.MustCompile(`^(?s)(.+) (<|>) ([0-9.]+)$`)

// metrics wants every target up, and every query of the dashboards and alerts to return data after the journeys.
func (m *market) metrics(t *testing.T) {
	for _, job := range []string{"gateway", "user-service", "product-service", "order-service", "payment-service", "warehouse-service", "rabbitmq"} {
		require.Eventually(t, func() bool { return targets(t, job) > 0 }, time.Minute, time.Second, "%s is not scraped", job)
	}
	queries := append(m.dashboardQueries(t), m.alertQueries(t)...)
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
func upstreams(t *testing.T, service string) (n int) {
	t.Helper()
	reply := client.New(gateway).Do(t, http.MethodGet, "/metrics", nil)
	_, rest, found := strings.Cut(string(reply.Body), `gateway_instances{service="`+service+`"} `)
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

// dashboard is as much of Grafana's schema as ours use.
type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Panels        []struct {
		ID         int
		Title      string
		Type       string
		Datasource struct{ Type, UID string }
		GridPos    struct{ X, Y, W, H int }
		Targets    []struct {
			RefID, Expr string
			Datasource  struct{ Type, UID string }
		}
	}
}

func (s *stack) readDashboards(t *testing.T) []dashboard {
	t.Helper()
	var all []dashboard
	for _, name := range []string{"overview.json", "saga.json"} {
		text, err := os.ReadFile(s.path("infrastructure/grafana/dashboards", name))
		require.NoError(t, err)
		var one dashboard
		require.NoError(t, json.Unmarshal(text, &one), name)
		all = append(all, one)
	}
	return all
}

func (s *stack) dashboardQueries(t *testing.T) (queries []string) {
	t.Helper()
	for _, d := range s.readDashboards(t) {
		for _, panel := range d.Panels {
			for _, target := range panel.Targets {
				queries = append(queries, target.Expr)
			}
		}
	}
	return queries
}

func (s *stack) alertQueries(t *testing.T) (queries []string) {
	t.Helper()
	text, err := os.ReadFile(s.path("infrastructure/prometheus/alerts.yml"))
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	handbook, err := os.ReadFile(s.path("infrastructure/docker/README.md"))
	require.NoError(t, err)
	for _, rule := range file.Groups[0].Rules {
		parts := alertForm.FindStringSubmatch(rule.Expr)
		require.NotNil(t, parts, "%s is not a query and a threshold: %s", rule.Alert, rule.Expr)
		require.Contains(t, string(handbook), "`"+rule.Alert+"`", "what to do when it fires")
		queries = append(queries, parts[1])
	}
	return queries
}

// dashboards checks what Grafana would: ids are unique, panels do not overlap, everything asks the provisioned source.
func (s *stack) dashboards(t *testing.T) {
	for _, d := range s.readDashboards(t) {
		require.NotEmpty(t, d.UID)
		require.NotEmpty(t, d.Title)
		require.Positive(t, d.SchemaVersion)
		ids, taken := map[int]bool{}, map[[2]int]string{}
		for _, panel := range d.Panels {
			require.False(t, ids[panel.ID], "panel %d twice", panel.ID)
			ids[panel.ID] = true
			require.Contains(t, []string{"stat", "timeseries"}, panel.Type)
			require.LessOrEqual(t, panel.GridPos.X+panel.GridPos.W, 24, panel.Title)
			for x := range panel.GridPos.W {
				for y := range panel.GridPos.H {
					place := [2]int{panel.GridPos.X + x, panel.GridPos.Y + y}
					require.Empty(t, taken[place], "%s lies over %s", panel.Title, taken[place])
					taken[place] = panel.Title
				}
			}
			require.NotEmpty(t, panel.Targets, panel.Title)
			for _, target := range panel.Targets {
				require.Equal(t, "prometheus", target.Datasource.UID, panel.Title)
				require.NotEmpty(t, target.RefID)
			}
		}
	}
}
