package servers

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"marketplace/shared/testkit"
)

// Redis starts an empty Redis that keeps nothing over a restart.
func Redis(t testing.TB) *Server {
	t.Helper()
	port := testkit.FreePort(t)
	s := &Server{URL: fmt.Sprintf("redis://127.0.0.1:%d/0", port), dir: folder(t), goodbye: syscall.SIGTERM}
	s.command = func() *exec.Cmd {
		return s.program(t, nil, "redis-server", "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--save", "", "--appendonly", "no")
	}
	s.ready = func() error {
		client := redis.NewClient(&redis.Options{Addr: fmt.Sprintf("127.0.0.1:%d", port), DialTimeout: time.Second})
		defer func() { _ = client.Close() }()
		return client.Ping(context.Background()).Err()
	}
	return s.start(t)
}
