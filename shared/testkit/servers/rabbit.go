package servers

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"marketplace/shared/testkit"
)

// Rabbit starts a RabbitMQ node with the user guest, without its management interface. Extra lines go to its rabbitmq.conf.
func Rabbit(t testing.TB, extra ...string) *Server {
	t.Helper()
	server := newest(t, "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server", "rabbitmq-server")
	port, dist, mapper := testkit.FreePort(t), testkit.FreePort(t), testkit.FreePort(t)
	s := &Server{URL: fmt.Sprintf("amqp://guest:guest@127.0.0.1:%d/", port), dir: folder(t), goodbye: syscall.SIGTERM}
	conf := fmt.Sprintf("listeners.tcp.1 = 127.0.0.1:%d\nloopback_users = none\nlog.console = true\nlog.file = false\n"+
		"log.console.level = warning\ndisk_free_limit.absolute = 200MB\n", port)
	for _, line := range extra {
		conf += line + "\n"
	}
	write(t, filepath.Join(s.dir, "rabbitmq.conf"), conf)
	write(t, filepath.Join(s.dir, "enabled_plugins"), "[].\n")
	epmd(t, s, mapper)

	env := []string{
		"RABBITMQ_CONF_ENV_FILE=/dev/null",
		"RABBITMQ_NODENAME=t" + strconv.Itoa(port) + "@localhost",
		"RABBITMQ_CONFIG_FILE=" + filepath.Join(s.dir, "rabbitmq.conf"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + filepath.Join(s.dir, "enabled_plugins"),
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(s.dir, "mnesia"),
		"RABBITMQ_LOG_BASE=" + s.dir,
		"RABBITMQ_GENERATED_CONFIG_DIR=" + filepath.Join(s.dir, "config"),
		"RABBITMQ_PID_FILE=" + filepath.Join(s.dir, "pid"),
		"RABBITMQ_DIST_PORT=" + strconv.Itoa(dist),
		"ERL_EPMD_PORT=" + strconv.Itoa(mapper),
		"ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
	}
	s.command = func() *exec.Cmd { return s.program(t, env, server) }
	s.ready = func() error { return greets(port) }
	return s.start(t)
}

// epmd starts Erlang's port mapper beside the node: the node must not leave one behind on the common port.
func epmd(t testing.TB, s *Server, port int) {
	t.Helper()
	cmd := s.program(t, nil, "epmd", "-port", strconv.Itoa(port), "-address", "127.0.0.1")
	if err := cmd.Start(); err != nil {
		t.Fatalf("epmd: %v (install Debian's rabbitmq-server)", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

// greets says whether the node takes connections: it answers a wrong protocol header with its own.
func greets(port int) error {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := conn.Write([]byte("AMQP\x00\x00\x00\x00")); err != nil {
		return err
	}
	_, err = bufio.NewReader(conn).Peek(8)
	return err
}

func write(t testing.TB, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
