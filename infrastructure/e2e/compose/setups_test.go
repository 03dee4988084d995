//go:build compose

package compose

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// misuse is a project of its own beside the running one, for what an operator gets wrong.
func (s *stack) misuse(t *testing.T) *stack {
	t.Helper()
	other := &stack{
		command: s.command, root: s.root, project: project + "-misuse", env: []string{"SERVICES_SUBNET=10.207.85.0/24"},
	}
	t.Cleanup(func() { _, _ = other.try(t, nil, "down", "-v") })
	return other
}

// setUps wants each wrong set-up to be told in words, and these words to be in the handbook.
func (s *stack) setUps(t *testing.T) {
	handbook, err := os.ReadFile(filepath.Join(s.root, "infrastructure/docker/README.md"))
	require.NoError(t, err)
	for name, try := range map[string]func(*testing.T) (said, words string){
		"too little memory":           s.tooLittleMemory,
		"a password with an odd sign": s.oddPassword,
		"no .env":                     s.noSettings,
		"port taken":                  s.portTaken,
		"wrong password":              s.wrongPassword,
		"volume of another version":   s.foreignVolume,
	} {
		t.Run(name, func(t *testing.T) {
			said, words := try(t)
			require.Contains(t, said, words)
			require.True(t, strings.Contains(string(handbook), words), "the handbook does not tell of %q", words)
		})
	}
}

// tooLittleMemory runs the first container's script where /proc/meminfo tells of 2 GB.
func (s *stack) tooLittleMemory(t *testing.T) (said, words string) {
	small := filepath.Join(t.TempDir(), "meminfo")
	require.NoError(t, os.WriteFile(small, []byte("MemTotal:        2097152 kB\n"), 0o600))
	out, err := exec.CommandContext(t.Context(), "unshare", "-m", "sh", "-c", `mount --bind "$1" /proc/meminfo && exec sh "$2"`, "sh",
		small, filepath.Join(s.root, "infrastructure/docker/check.sh")).CombinedOutput()
	require.Error(t, err, "it starts all the same")
	require.Contains(t, string(out), "2048 MB")
	return string(out), "MB of memory"
}

func (s *stack) oddPassword(t *testing.T) (said, words string) {
	out, err := s.try(t, []string{"ORDER_SERVICE_DATABASE_PASSWORD=with@sign"}, "run", "--rm", "--no-deps", "check")
	require.Error(t, err, out)
	require.Contains(t, out, "ORDER_SERVICE_DATABASE_PASSWORD")
	require.NotContains(t, out, "with@sign")
	return out, "must be of letters, digits"
}

func (s *stack) noSettings(t *testing.T) (said, words string) {
	return s.compose(t, "logs", "--no-color", "check"), "development secrets are in force"
}

// portTaken has one server ask for a port on which another program listens.
func (s *stack) portTaken(t *testing.T) (said, words string) {
	listener, port := listen(t)
	defer listener.Close()
	out, err := s.misuse(t).try(t, []string{"REDIS_PORT=" + port}, "up", "-d", "--no-deps", "redis")
	require.Error(t, err, out)
	require.Contains(t, out, port)
	return out, "address already in use"
}

func listen(t *testing.T) (listener net.Listener, port string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, err = net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return listener, port
}

// wrongPassword starts a service with another password than the volume's.
func (s *stack) wrongPassword(t *testing.T) (said, words string) {
	id := docker(t, "run", "-d", "--network", project+"_data", "-e", "CONSUL_URL=http://127.0.0.1:1",
		"-e", "DATABASE_URL=postgres://order_service:changed@postgres:5432/marketplace?sslmode=disable",
		inspect(t, s.containers(t, "order-service")[0]).Image)
	defer docker(t, "rm", "-f", id)
	words = "password authentication failed for user"
	require.Eventually(t, func() bool {
		said = docker(t, "logs", id)
		return strings.Contains(said, words)
	}, 30*time.Second, 200*time.Millisecond, "it does not say so")
	require.NotContains(t, said, "changed")
	return said, words
}

// foreignVolume starts PostgreSQL on a volume of a version that it does not know.
func (s *stack) foreignVolume(t *testing.T) (said, words string) {
	other := s.misuse(t)
	listener, port := listen(t)
	require.NoError(t, listener.Close())
	other.env = append(other.env, "POSTGRES_PORT="+port)
	other.compose(t, "run", "--rm", "--no-deps", "--entrypoint", "sh", "postgres", "-c",
		`PATH=$PATH:$(echo /usr/lib/postgresql/*/bin); initdb >/dev/null && echo 9.6 >"$PGDATA/PG_VERSION"`)
	other.compose(t, "up", "-d", "--no-deps", "postgres")
	words = "database files are incompatible with server"
	require.Eventually(t, func() bool {
		said = other.compose(t, "logs", "--no-color", "postgres")
		return strings.Contains(said, words)
	}, 30*time.Second, 500*time.Millisecond, "it does not say so")
	return said, words
}
