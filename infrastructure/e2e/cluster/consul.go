package cluster

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
)

// registered are the processes that register in Consul.
var registered = slices.DeleteFunc(slices.Clone(order), func(name string) bool { return name == "sandbox" })

// Registry is a Consul of a test's own, with the access control of `make run`: two marketplaces in one Consul would find each
// other's services.
type Registry struct {
	URL string
	// Management is the token that may do everything.
	Management string

	tokens map[string]string // by service
}

// Token is a service's own.
func (r *Registry) Token(service string) string { return r.tokens[service] }

// Ask sends a request of Consul's API with a token, empty for none, and returns the status and the body of the reply.
func (r *Registry) Ask(t testing.TB, token, method, path, body string) (status int, reply string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, r.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("X-Consul-Token", token)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answer.StatusCode, string(text)
}

// Consul starts one, and returns when every service's token is valid. It ends with the test.
func Consul(t testing.TB) *Registry {
	t.Helper()
	a := newAgent(t)
	r, _ := a.guarded(t)
	return r
}

// agent is a Consul that can be started several times, with the same data.
type agent struct {
	program, log string
	flags        []string
	url          string
}

func newAgent(t testing.TB) *agent {
	t.Helper()
	port := testkit.FreePort(t)
	return &agent{
		program: consulProgram(t), log: filepath.Join(t.TempDir(), "consul.log"), url: fmt.Sprintf("http://127.0.0.1:%d", port),
		flags: []string{
			"-server", "-bootstrap-expect=1", "-bind=127.0.0.1", "-client=127.0.0.1", "-data-dir=" + t.TempDir(),
			fmt.Sprintf("-http-port=%d", port), fmt.Sprintf("-serf-lan-port=%d", testkit.FreePort(t)),
			fmt.Sprintf("-server-port=%d", testkit.FreePort(t)), "-serf-wan-port=-1", "-dns-port=-1", "-grpc-port=-1", "-grpc-tls-port=-1",
			"-hcl=performance { raft_multiplier = 1 }", "-hcl=disable_update_check = true",
		},
	}
}

// open starts the agent without access control.
func (a *agent) open(t testing.TB) (stop func()) {
	t.Helper()
	stop = a.start(t, exec.Command(a.program, append([]string{"agent"}, a.flags...)...))
	a.await(t, "a leader", func() bool {
		reply, err := (&http.Client{Timeout: 2 * time.Second}).Get(a.url + "/v1/health/service/consul?passing")
		if err != nil {
			return false
		}
		_ = reply.Body.Close()
		return reply.StatusCode == http.StatusOK
	})
	return stop
}

// guarded starts it with the script that starts it in containers and in `make run`.
func (a *agent) guarded(t testing.TB) (*Registry, func()) {
	t.Helper()
	root, err := workspace()
	if err != nil {
		t.Fatal(err)
	}
	r := &Registry{URL: a.url, Management: uuid.NewString(), tokens: map[string]string{}}
	folder := t.TempDir()
	script := filepath.Join(root, "infrastructure", "consul", "agent.sh")
	cmd := exec.Command("sh", append([]string{script, folder, a.program}, a.flags...)...)
	cmd.Env = append(os.Environ(), "CONSUL_HTTP_ADDR="+a.url, "CONSUL_MANAGEMENT_TOKEN="+r.Management)
	for _, service := range registered {
		r.tokens[service] = uuid.NewString()
		cmd.Env = append(cmd.Env, prefix(service)+"_CONSUL_TOKEN="+r.tokens[service])
	}
	stop := a.start(t, cmd)
	a.await(t, "the services' tokens", func() bool {
		_, err := os.Stat(filepath.Join(folder, "ready"))
		return err == nil
	})
	return r, stop
}

func (a *agent) start(t testing.TB, cmd *exec.Cmd) (stop func()) {
	t.Helper()
	out, err := os.OpenFile(a.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start consul: %v", err)
	}
	stop = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = out.Close()
	}
	t.Cleanup(stop)
	return stop
}

func (a *agent) await(t testing.TB, what string, there func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); <-time.After(50 * time.Millisecond) {
		if there() {
			return
		}
	}
	text, _ := os.ReadFile(a.log)
	t.Fatalf("consul has not got %s after a minute\n%s", what, text)
}

func consulProgram(t testing.TB) string {
	t.Helper()
	root, err := workspace()
	if err != nil {
		t.Fatal(err)
	}
	built := filepath.Join(root, ".local", "bin", "consul")
	if _, err := os.Stat(built); err == nil {
		return built
	}
	path, err := exec.LookPath("consul")
	if err != nil {
		t.Fatal("there is no consul: `make test-servers` builds it")
	}
	return path
}
