// Package servers starts a PostgreSQL, RabbitMQ or Redis of a test's own as child processes, for tests that break them:
// kill, freeze, thaw, start again with the data that was left. PostgreSQL and Redis take about a second, RabbitMQ eight.
// They are Debian's packages; as root they run as the user postgres, because PostgreSQL refuses root.
package servers

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"marketplace/shared/testkit"
)

// Server is one server, at an address that stays the same over restarts.
type Server struct {
	URL     string
	dir     string
	command func() *exec.Cmd
	ready   func() error
	goodbye syscall.Signal // asks for a quick and orderly end
	running *exec.Cmd
	output  bytes.Buffer
}

// start launches the server for the first time and removes everything when the test ends.
func (s *Server) start(t testing.TB) *Server {
	t.Helper()
	t.Cleanup(func() {
		s.stop()
		if t.Failed() {
			t.Logf("%s said:\n%s", s.URL, s.output.String())
		}
	})
	s.Start(t)
	return s
}

// patience is how long a server may take to start or to end. RabbitMQ was seen to take more than a minute on a busy machine.
const patience = 3 * time.Minute

// Start launches the server, on the data that is there, and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		if s.running == nil {
			s.running = s.command()
			s.running.Stdout, s.running.Stderr = &s.output, &s.output
			if err := s.running.Start(); err != nil {
				t.Fatalf("start %s: %v", s.URL, err)
			}
		}
		err := s.ready()
		if err != nil && !alive(s.running.Process.Pid) { // the killed one's children still held something
			s.stop()
		}
		return err
	})
}

// Stop asks the server to end, and waits: what it has not written yet, it writes. RabbitMQ needs that to keep a queue that
// is only seconds old: a kill may leave it known by name and without a leader.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.running.Process.Signal(s.goodbye); err != nil {
		t.Fatalf("stop %s: %v", s.URL, err)
	}
	testkit.Eventually(t, patience, func() bool { return !alive(s.running.Process.Pid) })
	s.stop()
}

// Kill ends the server and its children with SIGKILL, as a power cut does.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	s.stop()
}

// Freeze stops the server and its children in their tracks: connections stay open and nothing answers.
func (s *Server) Freeze(t testing.TB) { s.signal(t, syscall.SIGSTOP) }

// Thaw lets a frozen server go on.
func (s *Server) Thaw(t testing.TB) { s.signal(t, syscall.SIGCONT) }

func (s *Server) signal(t testing.TB, signal syscall.Signal) {
	t.Helper()
	for _, pid := range family(s.running.Process.Pid) {
		if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatalf("signal %v to %s: %v", signal, s.URL, err)
		}
	}
}

func (s *Server) stop() {
	if s.running == nil {
		return
	}
	for _, pid := range family(s.running.Process.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	_ = s.running.Wait()
	s.running = nil
}

// family is the process and its descendants, the process first, so that it cannot start new ones.
func family(pid int) []int {
	all := []int{pid}
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, file := range tasks {
		list, _ := os.ReadFile(file)
		for _, word := range strings.Fields(string(list)) {
			if child, err := strconv.Atoi(word); err == nil {
				all = append(all, family(child)...)
			}
		}
	}
	return all
}

// alive is false for a zombie, which still has to be waited for.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

// folder makes a folder that the servers' user may write, with a short name: sockets' paths are limited.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "srv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if credential := servant(t); credential != nil {
		if err := os.Chown(dir, int(credential.Uid), int(credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// program prepares a child process: as the servers' user, in a process group of its own, with only the environment given.
func (s *Server) program(t testing.TB, env []string, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "LANG=C.UTF-8"}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: servant(t)}
	return cmd
}

// servant is the user that servers run as when the test runs as root.
func servant(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		t.Fatalf("servers do not run as root: %v (install Debian's postgresql)", err)
	}
	uid, _ := strconv.ParseUint(u.Uid, 10, 32)
	gid, _ := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// newest returns the last file that matches, in the order of versions well enough for one installed at a time.
func newest(t testing.TB, pattern, hint string) string {
	t.Helper()
	found, _ := filepath.Glob(pattern)
	if len(found) == 0 {
		t.Fatalf("no %s: install Debian's %s", pattern, hint)
	}
	return found[len(found)-1]
}
