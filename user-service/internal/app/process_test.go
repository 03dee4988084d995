package app_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/shared/testkit"
	"marketplace/user-service/migrations"
)

// built is the folder of the binary, which TestMain removes.
var built string

// buildOnce compiles the service as the README says.
var buildOnce = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "user-service")
	if err != nil {
		return "", err
	}
	built = dir
	binary := filepath.Join(dir, "user-service")
	out, err := exec.Command("go", "build", "-o", binary, "../../cmd/main.go").CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, out)
	}
	return binary, err
})

// process is the real binary.
type process struct {
	*users
	cmd *exec.Cmd
	log *bytes.Buffer
}

func run(t *testing.T, environment ...string) *process {
	t.Helper()
	binary, err := buildOnce()
	require.NoError(t, err)
	db := testkit.Database(t, "user_service", migrations.Files)
	port := testkit.FreePort(t)
	p := &process{log: new(bytes.Buffer), users: &users{
		t: t, url: fmt.Sprintf("http://127.0.0.1:%d", port), db: db, client: &http.Client{Transport: &http.Transport{}},
	}}
	p.cmd = exec.Command(binary)
	p.cmd.Dir = t.TempDir()
	p.cmd.Env = append(os.Environ(), append([]string{
		"DATABASE_URL=" + db.URL, "REDIS_URL=" + testkit.Redis(t), "CONSUL_URL=http://127.0.0.1:1",
		fmt.Sprintf("SERVER_PORT=%d", port), "LOG_LEVEL=trace",
		"LOGINS_PER_ADDRESS=1000", "LOGINS_PER_ACCOUNT=1000", "LOGINS_PER_ACCOUNT_EVERYWHERE=1001", "REGISTRATIONS_PER_ADDRESS=1000",
	}, environment...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.log, p.log
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		p.client.CloseIdleConnections()
	})
	p.up()
	return p
}

// terminate sends SIGTERM and waits; the process must end well.
func (p *process) terminate() {
	p.t.Helper()
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGTERM))
	p.ends()
}

func (p *process) ends() {
	p.t.Helper()
	ended := make(chan error, 1)
	go func() { ended <- p.cmd.Wait() }()
	select {
	case err := <-ended:
		require.NoError(p.t, err, "%s", p.log)
	case <-time.After(30 * time.Second):
		p.t.Fatal("still running")
	}
}

func TestProcess_P47_SIGTERMFinishesWhatRuns(t *testing.T) {
	t.Parallel()
	p := run(t)
	p.register("ann@example.com")
	held, err := p.db.Pool.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = held.Rollback(context.Background()) }()
	_, err = held.Exec(t.Context(), `LOCK TABLE sessions IN SHARE MODE`) // no sign-in ends before the stop
	require.NoError(t, err)
	const clients = 6 // few enough for none to be turned away on a machine that hashes slowly (promise 38)
	answers := make(chan string, clients)
	for range clients {
		go func() {
			r, err := p.try("POST", "/api/v1/auth/login", "", m{"email": "ann@example.com", "password": goodPassword})
			answers <- fmt.Sprint(r.status, err)
		}()
	}
	running := fmt.Sprintf("\nhttp_requests_in_flight %d\n", clients)
	testkit.Eventually(t, time.Minute, func() bool {
		return strings.Contains(string(p.send("GET", "/metrics", "", nil).body), running)
	}, "all run")

	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	testkit.Eventually(t, time.Minute, func() bool {
		r, err := p.try("GET", "/health/ready", "", nil)
		return err != nil || r.status == http.StatusServiceUnavailable
	}, "it stops")
	require.Empty(t, answers)
	require.NoError(t, held.Rollback(t.Context()))
	for range clients {
		require.Equal(t, "200 <nil>", <-answers)
	}
	p.ends()
}

// Whatever happens, and at the most talkative level: no secret in the log.
func TestProcess_LogsNoSecret(t *testing.T) {
	t.Parallel()
	const jwtSecret, adminSecret = "a jwt secret of the test that is long enough", "the admin's own password"
	p := run(t, "JWT_SECRET="+jwtSecret, "ADMIN_PASSWORD="+adminSecret)
	const newPassword = "another horse battery"
	ann := p.register("ann@example.com")
	admin := p.login(adminEmail, adminSecret)
	next := p.signedIn(p.refresh(ann.refresh))
	third := p.signedIn(p.refresh(next.refresh))
	require.Equal(t, http.StatusUnauthorized, p.refresh(ann.refresh).status) // stolen
	require.Equal(t, http.StatusUnauthorized, p.tryLogin("ann@example.com", "a wrong password").status)
	require.Equal(t, http.StatusConflict, p.send("POST", "/api/v1/auth/register", "", m{"email": "ann@example.com", "password": goodPassword, "name": "A"}).status)
	require.Equal(t, http.StatusUnprocessableEntity, p.send("POST", "/api/v1/auth/register", "", m{"email": "x", "password": m{"p": goodPassword}, "name": "A"}).status)
	again := p.login("ann@example.com", goodPassword)
	require.Equal(t, http.StatusNoContent, p.send("POST", "/api/v1/users/me/password", again.access, m{"current_password": goodPassword, "new_password": newPassword}).status)
	p.exec(`ALTER TABLE sessions RENAME TO hidden`) // errors of our own
	require.Equal(t, http.StatusInternalServerError, p.tryLogin("ann@example.com", newPassword).status)
	require.Equal(t, http.StatusInternalServerError, p.refresh(again.refresh).status)
	p.exec(`ALTER TABLE hidden RENAME TO sessions`)
	require.Equal(t, http.StatusNoContent, p.send("POST", "/api/v1/auth/logout", again.access, nil).status)
	p.terminate()

	log := p.log.String()
	require.Contains(t, log, "it was stolen", "the log is the right one")
	require.Contains(t, log, "/api/v1/auth/login")
	for name, secret := range map[string]string{
		"password": goodPassword, "new password": newPassword, "wrong password": "a wrong password", "admin's password": adminSecret,
		"JWT secret": jwtSecret, "access token": ann.access, "admin's token": admin.access, "third token": third.access,
		"refresh token": ann.refresh, "its successor": next.refresh, "any JWT": "eyJ", "any refresh token": "mrt2_", "any hash": "argon2",
		"e-mail address": "ann@example.com",
	} {
		require.NotContains(t, log, secret, name)
	}
}

func TestProcess_P45_ProductionRefusesToStartWithDefaults(t *testing.T) {
	t.Parallel()
	binary, err := buildOnce()
	require.NoError(t, err)
	cmd := exec.Command(binary)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "ENVIRONMENT=production", "CONSUL_URL=http://127.0.0.1:1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "JWT_SECRET")
	require.Contains(t, string(out), "ADMIN_PASSWORD")
}
