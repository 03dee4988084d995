package compose

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"marketplace/shared/testkit"
)

// This file checks what can be read from files alone, so it needs no containers and runs with every other test.

// alertForm is how an alert is written: a query, and a threshold.
var alertForm = regexp.MustCompile(`^(?s)(.+) (<|>) ([0-9.]+)$`)

func root(t *testing.T) string {
	t.Helper()
	dir, found := testkit.Root()
	require.True(t, found)
	return dir
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), path))
	require.NoError(t, err)
	return text
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

func readDashboards(t *testing.T) []dashboard {
	t.Helper()
	var all []dashboard
	for _, name := range []string{"overview.json", "saga.json"} {
		text := read(t, "infrastructure/grafana/dashboards/"+name)
		var one dashboard
		require.NoError(t, json.Unmarshal(text, &one), name)
		all = append(all, one)
	}
	return all
}

func dashboardQueries(t *testing.T) (queries []string) {
	t.Helper()
	for _, d := range readDashboards(t) {
		for _, panel := range d.Panels {
			for _, target := range panel.Targets {
				queries = append(queries, target.Expr)
			}
		}
	}
	return queries
}

// alertRule is as much of Prometheus' rules as ours use.
type alertRule struct{ Alert, Expr string }

func alerts(t *testing.T) []alertRule {
	t.Helper()
	var file struct{ Groups []struct{ Rules []alertRule } }
	require.NoError(t, yaml.Unmarshal(read(t, "infrastructure/prometheus/alerts.yml"), &file))
	return file.Groups[0].Rules
}

func alertQueries(t *testing.T) (queries []string) {
	t.Helper()
	handbook := string(read(t, "infrastructure/docker/README.md"))
	for _, rule := range alerts(t) {
		parts := alertForm.FindStringSubmatch(rule.Expr)
		require.NotNil(t, parts, "%s is not a query and a threshold: %s", rule.Alert, rule.Expr)
		require.True(t, strings.Contains(handbook, "| `"+rule.Alert+"` |"), "the handbook does not say what to do about %s", rule.Alert)
		queries = append(queries, parts[1])
	}
	return queries
}

// Every alert has the form that the queries are taken from, and the operators' handbook says what to do when it fires.
func TestAlerts_AreInTheHandbook(t *testing.T) {
	require.NotEmpty(t, alertQueries(t))
}

// Every alert is tried on a marketplace that is well and on one that is not (alerts_test.yml; TestAlerts_FireAndRest runs it).
func TestAlerts_AreAllTried(t *testing.T) {
	tried := string(read(t, "infrastructure/prometheus/alerts_test.yml"))
	for _, alert := range alerts(t) {
		require.Contains(t, tried, "name: "+alert.Alert+" rests\n")
		require.Contains(t, tried, "name: "+alert.Alert+" fires\n")
	}
}

// TestImages_ArePinned: another minor version of a server comes when somebody has decided so.
func TestImages_ArePinned(t *testing.T) {
	var file struct {
		Services map[string]struct{ Image string }
	}
	require.NoError(t, yaml.Unmarshal(read(t, "docker-compose.yml"), &file))
	require.NotEmpty(t, file.Services)
	for name, service := range file.Services {
		if !strings.HasPrefix(service.Image, "marketplace/") {
			require.Regexp(t, `:v?[0-9]+\.[0-9]+`, service.Image, name)
		}
	}
}

// TestDashboards_AreValid checks what Grafana would: ids are unique, panels do not overlap, everything asks the provisioned source.
func TestDashboards_AreValid(t *testing.T) {
	for _, d := range readDashboards(t) {
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

// Each secret of .env.example reaches the first container, which refuses its development value in production.
func TestSecrets_AreAllChecked(t *testing.T) {
	check := string(read(t, "infrastructure/docker/check.sh"))
	file := string(read(t, "docker-compose.yml"))
	services := strings.NewReplacer("${service}", "([A-Z]+)").Replace(check)
	secrets := 0
	for line := range strings.Lines(string(read(t, ".env.example"))) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if strings.HasPrefix(name, "#") || !regexp.MustCompile(`marketplace-(development|admin)|_marketplace$|^0{8}-`).MatchString(value) {
			continue
		}
		secrets++
		_, ofService, _ := strings.Cut(name, "_SERVICE_")
		known := regexp.MustCompile(`\b`+name+`\b`).MatchString(check) || ofService != "" && strings.Contains(services, "_SERVICE_"+ofService)
		require.True(t, known, "check.sh does not know %s", name)
		require.Contains(t, file, name+": ${"+name+":-", "the first container does not get %s", name)
	}
	require.Greater(t, secrets, 20)
}

// live are the settings that may change while the processes run, as the READMEs mark them. configtest.Readme checks the marks.
func live(t *testing.T) (names []string) {
	t.Helper()
	for _, folder := range []string{
		"infrastructure", "user-service", "product-service", "order-service", "payment-service", "warehouse-service",
	} {
		for _, found := range regexp.MustCompile("`([A-Z_]+)`†").FindAllSubmatch(read(t, folder+"/README.md"), -1) {
			names = append(names, string(found[1]))
		}
	}
	require.Greater(t, len(names), 20)
	return names
}

// A value from the environment wins over Consul: where one is given to everybody, no key would take effect.
func TestSettings_WhatMayChangeIsLeftToConsul(t *testing.T) {
	for _, name := range live(t) {
		require.NotRegexp(t, `(?m)^ *`+name+`: *[^ $]`, string(read(t, "docker-compose.yml")))
		require.NotRegexp(t, `\$\{`+name+`:?-[^}]`, string(read(t, "docker-compose.yml")))
		require.NotRegexp(t, `(?m)^`+name+`=`, string(read(t, ".env.example")))
		require.NotRegexp(t, `(?m)^([A-Z_]+_)?`+name+`=`, string(read(t, "infrastructure/local/lib/settings.sh")))
	}
}

// The system gives the ports from 32768 on to outgoing connections: a service that listens on one may find it taken.
func TestPorts_AreBelowThoseOfOutgoingConnections(t *testing.T) {
	ports := regexp.MustCompile(`\]=([0-9]+)`).FindAllSubmatch(read(t, "infrastructure/local/lib/settings.sh"), -1)
	ports = append(ports, regexp.MustCompile(`[A-Z]:-([0-9]{2,5})\}?:[0-9]+"`).FindAllSubmatch(read(t, "docker-compose.yml"), -1)...)
	require.Greater(t, len(ports), 20)
	for _, port := range ports {
		number, err := strconv.Atoi(string(port[1]))
		require.NoError(t, err)
		require.Less(t, number, 32768)
	}
}

// TestDockerfiles_ShareTheirFirstStage wants the text up to the mark to be the same in all, but for the command in the first
// line: one different letter, and each image compiles everything for itself.
func TestDockerfiles_ShareTheirFirstStage(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root(t), "*", "Dockerfile"))
	require.NoError(t, err)
	require.Len(t, files, 6)
	shared := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		stage, _, found := strings.Cut(string(text), "# --- from here on: this image ---")
		require.True(t, found, file)
		_, stage, _ = strings.Cut(stage, "\n")
		shared[stage] = file
	}
	require.Len(t, shared, 1)
}
