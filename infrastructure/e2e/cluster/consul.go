package cluster

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"marketplace/shared/testkit"
)

// Consul starts a Consul of the test's own and returns its address: two marketplaces in one Consul would find each
// other's services.
func Consul(t testing.TB) string {
	t.Helper()
	port, serf, rpc := testkit.FreePort(t), testkit.FreePort(t), testkit.FreePort(t)
	log := filepath.Join(t.TempDir(), "consul.log")
	out, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(consulProgram(t), "agent", "-server", "-bootstrap-expect=1", "-bind=127.0.0.1", "-client=127.0.0.1",
		"-data-dir="+t.TempDir(), fmt.Sprintf("-http-port=%d", port), fmt.Sprintf("-serf-lan-port=%d", serf),
		fmt.Sprintf("-server-port=%d", rpc), "-serf-wan-port=-1", "-dns-port=-1", "-grpc-port=-1", "-grpc-tls-port=-1",
		"-hcl=performance { raft_multiplier = 1 }", "-hcl=disable_update_check = true")
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start consul: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = out.Close()
	})
	address := fmt.Sprintf("http://127.0.0.1:%d", port)
	awaitLeader(t, address, log)
	return address
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

func awaitLeader(t testing.TB, address, log string) {
	t.Helper()
	client := &http.Client{Timeout: 2 * time.Second}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-time.After(50 * time.Millisecond) {
		reply, err := client.Get(address + "/v1/health/service/consul?passing")
		if err != nil {
			continue
		}
		_ = reply.Body.Close()
		if reply.StatusCode == http.StatusOK {
			return
		}
	}
	text, _ := os.ReadFile(log)
	t.Fatalf("consul has no leader after 30 s\n%s", text)
}
