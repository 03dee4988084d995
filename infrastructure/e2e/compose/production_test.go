//go:build compose

package compose

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/crowd"
)

const (
	operator    = "operator@shop.example"
	sandboxFile = "processor.yml"
)

// inProduction starts the marketplace as `make secrets` prepares it: random secrets, mutual TLS for gRPC, no demo, and a card processor with
// https. It runs the commands of the operators' handbook exactly as they are written there.
func (s *stack) inProduction(t *testing.T) {
	s.removed(t)
	p := s.prepared(t)
	t.Cleanup(func() { // before the folder with its settings goes
		if t.Failed() {
			out, _ := p.try(t, nil, "logs", "--tail=30", "--no-color")
			t.Log(out)
		}
		p.removed(t)
	})
	p.compose(t, "up", "-d")
	p.serves(t)
	require.Empty(t, p.containers(t, "demo"), "the demo's passwords are public")

	m := openAs(t, p, operator, p.settings(t)["ADMIN_PASSWORD"], p.settings(t)["POSTGRES_PASSWORD"])
	t.Run("order", m.order)
	t.Run("change the passwords", m.passwordsChanged)
	t.Run("without the sandbox", p.withoutSandbox)
	if testing.Short() {
		return
	}
	m.db = database(t, p.settings(t)["POSTGRES_PASSWORD"])
	t.Run("change JWT_SECRET", m.signingKeyChanged)
	t.Run("renew the certificates", m.certificatesRenewed)
	t.Run("backup and restore", m.restoredInProduction)
}

// withoutSandbox starts the marketplace without the file that adds the sandbox, as an operator does.
func (s *stack) withoutSandbox(t *testing.T) {
	files := s.settings(t)["COMPOSE_FILE"]
	s.set(t, map[string]string{"COMPOSE_FILE": strings.TrimSuffix(files, ":"+sandboxFile)})
	s.compose(t, "up", "-d")
	s.serves(t)
	require.Empty(t, s.containers(t, "sandbox"))
	s.set(t, map[string]string{"COMPOSE_FILE": files})
	s.compose(t, "up", "-d")
	s.serves(t)
}

// prepared has `make secrets` write its files in a folder of the test's, and the sandbox stand for the card processor: with a certificate
// that only this payment-service trusts, because production takes no other than https.
func (s *stack) prepared(t *testing.T) *stack {
	t.Helper()
	p := &stack{command: s.command, root: t.TempDir(), project: project}
	for _, folder := range []string{"consul", "docker", "prometheus", "grafana"} {
		from, to := filepath.Join(s.root, "infrastructure", folder), filepath.Join(p.root, "infrastructure", folder)
		require.NoError(t, os.CopyFS(to, os.DirFS(from)))
	}
	for _, file := range []string{"docker-compose.yml", ".env.example"} {
		text, err := os.ReadFile(filepath.Join(s.root, file))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(p.root, file), text, 0o600))
	}
	p.script(t, nil, "secrets.sh")
	out, err := p.try(t, nil, "run", "--rm", "--no-deps", "check")
	require.Error(t, err, "production starts without an account at the card processor")
	require.Contains(t, out, "STRIPE_SECRET_KEY")

	processor := filepath.Join(p.root, "processor")
	require.NoError(t, os.Mkdir(processor, 0o755)) //nolint:gosec // for the containers' user
	p.bash(t, `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=sandbox \
		-addext subjectAltName=DNS:sandbox -keyout processor/key.pem -out processor/cert.pem && chmod 644 processor/*`)
	require.NoError(t, os.WriteFile(filepath.Join(p.root, sandboxFile), []byte(`
services:
  sandbox:
    scale: 1
    environment: {ENVIRONMENT: development, TLS_CERT_FILE: /processor/cert.pem, TLS_KEY_FILE: /processor/key.pem}
    volumes: ["./processor:/processor:ro"]
    healthcheck: {test: [CMD, /sandbox, migrate, status], interval: 5s, timeout: 30s, retries: 10} # its own asks by http
  payment-service:
    environment: {SSL_CERT_FILE: /processor/cert.pem}
    volumes: ["./processor/cert.pem:/processor/cert.pem:ro"]
`), 0o600))
	p.set(t, limits())
	p.set(t, map[string]string{
		"COMPOSE_FILE": p.settings(t)["COMPOSE_FILE"] + ":" + sandboxFile, "STRIPE_API_URL": "https://sandbox:8090",
		"STRIPE_SECRET_KEY": "sk_live_" + random(), "STRIPE_WEBHOOK_SECRET": "whsec_" + random(), "ADMIN_EMAIL": operator,
	})
	return p
}

// serves waits until everything that a request passes through is healthy.
func (s *stack) serves(t *testing.T) {
	t.Helper()
	s.healthy(t, servers...)
	s.healthy(t, slices.DeleteFunc(slices.Clone(services), func(name string) bool { return name == "sandbox" })...)
}

// passwordsChanged gives every server, every service and the card processor's account another password.
func (m *market) passwordsChanged(t *testing.T) {
	old := m.settings(t)
	changed := map[string]string{}
	for name, value := range old {
		switch {
		case strings.HasSuffix(name, "_CONSUL_TOKEN"), name == "CONSUL_MANAGEMENT_TOKEN":
			changed[name] = uuid.NewString()
		case strings.HasSuffix(name, "_PASSWORD") && name != "ADMIN_PASSWORD" && name != "GRAFANA_PASSWORD":
			changed[name] = random()
		case name == "STRIPE_SECRET_KEY", name == "STRIPE_WEBHOOK_SECRET":
			changed[name] = value + "2"
		}
	}
	m.set(t, changed)
	m.handbook(t, "Change a password")
	m.serves(t)

	for name, value := range old {
		if _, ok := changed[name]; ok {
			m.refuses(t, name, value)
		}
	}
	m.order(t)
}

// refuses checks that the old value of a changed password is not accepted any more.
func (m *market) refuses(t *testing.T, name, password string) {
	t.Helper()
	user := strings.ToLower(strings.TrimSuffix(name, "_PASSWORD"))
	service := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(user, "_redis"), "_rabbitmq"), "_", "-")
	switch {
	case name == "POSTGRES_PASSWORD", strings.HasSuffix(name, "_DATABASE_PASSWORD"):
		user = strings.TrimSuffix(user, "_database")
		_, err := pgx.Connect(t.Context(), fmt.Sprintf("postgres://%s:%s@127.0.0.1:5432/marketplace?sslmode=disable", user, password))
		require.ErrorContains(t, err, "password authentication failed", name)
	case strings.HasSuffix(name, "REDIS_PASSWORD"):
		if name == "REDIS_PASSWORD" {
			service = "default"
		}
		require.Contains(t, docker(t, "exec", m.containers(t, "redis")[0], "redis-cli", "--user", service, "--pass", password, "--no-auth-warning", "ping"),
			"WRONGPASS", name)
	case strings.HasSuffix(name, "RABBITMQ_PASSWORD"):
		if name == "RABBITMQ_PASSWORD" {
			service = "marketplace"
		}
		_, err := amqp.Dial(fmt.Sprintf("amqp://%s:%s@127.0.0.1:5672/", service, password))
		var refused *amqp.Error
		require.ErrorAs(t, err, &refused, name)
		require.Equal(t, amqp.AccessRefused, refused.Code, name)
	case strings.HasSuffix(name, "_TOKEN"):
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, consul+"/v1/acl/token/self", http.NoBody)
		require.NoError(t, err)
		request.Header.Set("X-Consul-Token", password)
		reply, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, reply.Body.Close())
		require.Equal(t, http.StatusForbidden, reply.StatusCode, name)
	}
}

// signingKeyChanged checks that an access token signed with the old key is accepted while both keys are configured.
func (m *market) signingKeyChanged(t *testing.T) {
	m.set(t, map[string]string{"JWT_SECRET_PREVIOUS": m.settings(t)["JWT_SECRET"], "JWT_SECRET": random()})
	m.compose(t, "up", "-d")
	m.serves(t)
	m.order(t)
	m.set(t, map[string]string{"JWT_SECRET_PREVIOUS": ""})
	m.compose(t, "up", "-d")
	m.serves(t)
	m.signIn(t)
	m.order(t)
}

// certificatesRenewed replaces the three services that speak gRPC while orders come in: no request fails.
func (m *market) certificatesRenewed(t *testing.T) {
	const certificate = "infrastructure/docker/certificates/order-service/cert.pem"
	before := m.read(t, certificate)
	failed := m.Failed()
	stop := m.shop(t, 2)
	m.inText(t, "In production", "secrets.sh certificates", "upgrade.sh product-service")
	stop()
	require.NotEqual(t, before, m.read(t, certificate))
	require.Equal(t, failed, m.Failed(), "requests failed while certificates were renewed")
	m.order(t)
}

// restoredInProduction loses every volume and goes on from a backup.
func (m *market) restoredInProduction(t *testing.T) {
	m.Settle(t, m.db, healed)
	orders := m.number(t, "SELECT count(*) FROM order_service.orders")
	blocks := m.blocks(t, "Back up and restore")
	require.Len(t, blocks, 2)
	m.bash(t, blocks[0])
	m.removed(t)
	m.bash(t, blocks[1])
	m.serves(t)
	require.Equal(t, orders, m.number(t, "SELECT count(*) FROM order_service.orders"))
	m.signIn(t)
	m.order(t)
	crowd.Ended(t, m.db, healed)
}

// handbook runs the commands of a section of the operators' handbook.
func (s *stack) handbook(t *testing.T, section string) {
	t.Helper()
	for _, block := range s.blocks(t, section) {
		s.bash(t, block)
	}
}

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

func (s *stack) section(t *testing.T, title string) string {
	t.Helper()
	_, text, found := strings.Cut(s.read(t, "infrastructure/docker/README.md"), "\n## "+title+"\n")
	require.True(t, found, title)
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

func (s *stack) blocks(t *testing.T, section string) (blocks []string) {
	t.Helper()
	for _, found := range shellBlock.FindAllStringSubmatch(s.section(t, section), -1) {
		blocks = append(blocks, found[1])
	}
	require.NotEmpty(t, blocks, section)
	return blocks
}

var codeSpan = regexp.MustCompile("`(infrastructure/docker/[^`]+)`")

// inText runs those commands that stand in the text of a section, one for each of parts, which it holds.
func (s *stack) inText(t *testing.T, section string, parts ...string) {
	t.Helper()
	spans := codeSpan.FindAllStringSubmatch(s.section(t, section), -1)
	for _, part := range parts {
		at := slices.IndexFunc(spans, func(span []string) bool { return strings.Contains(span[1], part) })
		require.GreaterOrEqual(t, at, 0, "the handbook does not say %q", part)
		s.bash(t, spans[at][1])
	}
}

// bash runs commands at the root of the checkout, as they are typed.
func (s *stack) bash(t *testing.T, commands string) {
	t.Helper()
	compose := strings.Join(s.command, " ")
	command := exec.CommandContext(t.Context(), "bash", "-ec", "docker-compose() { command "+compose+` "$@"; }`+"\n"+commands)
	command.Dir = s.root
	command.Env = append(os.Environ(), "COMPOSE="+compose, "COMPOSE_PROJECT_NAME="+project)
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s: %s", commands, out)
}

func (s *stack) read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.root, file))
	require.NoError(t, err)
	return string(text)
}

// settings are those of .env.
func (s *stack) settings(t *testing.T) map[string]string {
	t.Helper()
	settings := map[string]string{}
	for line := range strings.Lines(s.read(t, ".env")) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found && !strings.HasPrefix(line, "#") {
			settings[name] = value
		}
	}
	return settings
}

// set changes settings in .env. A setting that is commented out there is put in force.
func (s *stack) set(t *testing.T, changed map[string]string) {
	t.Helper()
	text := s.read(t, ".env")
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		line := regexp.MustCompile("(?m)^#?" + name + "=.*$")
		require.True(t, line.MatchString(text), name)
		text = line.ReplaceAllLiteralString(text, name+"="+changed[name])
	}
	require.NoError(t, os.WriteFile(filepath.Join(s.root, ".env"), []byte(text), 0o600))
}

func random() string {
	var bytes [32]byte
	_, _ = rand.Read(bytes[:]) // never fails
	return hex.EncodeToString(bytes[:])
}
