//go:build compose

package compose

import (
	"bytes"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/e2e/client"
)

// programs are what `go run` starts, each with the port on which it says that it is ready.
var programs = map[string]int{
	"user-service/cmd/main.go":            8081,
	"product-service/cmd/main.go":         8082,
	"order-service/cmd/main.go":           8083,
	"payment-service/cmd/main.go":         8084,
	"warehouse-service/cmd/main.go":       8085,
	"payment-service/cmd/sandbox/main.go": 8090,
	"infrastructure/cmd/main.go":          8080,
}

// fromSource has only the servers in containers, and every program run from its source on this machine with its defaults.
func (s *stack) fromSource(t *testing.T) {
	only := []string{"postgres", "redis", "rabbitmq"}
	t.Cleanup(func() { s.removed(t) })
	s.compose(t, append([]string{"up", "-d"}, only...)...)
	s.healthy(t, only...)
	for _, service := range append([]string{"consul"}, services...) {
		require.Empty(t, s.containers(t, service), "%s was started too", service)
	}
	for file := range programs {
		s.goRun(t, file)
	}
	for file, port := range programs {
		url := fmt.Sprintf("http://127.0.0.1:%d/health/ready", port)
		require.Eventually(t, func() bool { return get(t, url, new(any)) == http.StatusOK }, 4*time.Minute, 100*time.Millisecond, file)
	}

	anyone := client.New(gateway)
	admin := anyone.Login(t, "admin@marketplace.local", "marketplace-admin")
	shopper, _ := anyone.Register(t)
	product := admin.Product(t, 1299)
	admin.Supply(t, admin.Warehouse(t), client.Item{ProductID: product, Quantity: 1})
	placed := shopper.Place(t, client.OrderOf(product, 1, "pm_card_visa"))
	require.Equal(t, "confirmed", shopper.Settled(t, placed.ID).Status)
}

// goRun runs a program until the test ends.
func (s *stack) goRun(t *testing.T, file string) {
	t.Helper()
	module, main, _ := strings.Cut(file, "/")
	command := exec.CommandContext(t.Context(), "go", "run", main)
	var output bytes.Buffer
	command.Dir, command.Stdout, command.Stderr = filepath.Join(s.root, module), &output, &output
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // `go run` passes no signal on
	command.Cancel = func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGTERM) }
	command.WaitDelay = 30 * time.Second
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Wait() // the context of the test has ended
		if t.Failed() {
			t.Logf("%s: %s", file, output.String())
		}
	})
}
