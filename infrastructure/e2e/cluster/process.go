package cluster

import (
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
)

// Process is one of the marketplace's programs: it can be started, stopped and killed again and again, always on the
// same ports and with the same log file.
type Process struct {
	Name     string
	HTTPPort int

	path string
	env  []string
	log  string

	mu   sync.Mutex
	cmd  *exec.Cmd
	done chan struct{}
}

// URL is the address of the process's own REST server.
func (p *Process) URL() string { return fmt.Sprintf("http://127.0.0.1:%d", p.HTTPPort) }

// Start starts the process and returns at once; extra variables hold for this start only.
func (p *Process) Start(t testing.TB, extra ...string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	out, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(p.path)
	cmd.Dir = filepath.Dir(p.log)
	cmd.Env = append(append(os.Environ(), p.env...), extra...)
	cmd.Stdout, cmd.Stderr = out, out
	// A test that is killed takes its processes along.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.Name, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer out.Close()
		_ = cmd.Wait() // how it ended is in ProcessState and in the log
	}()
	p.cmd, p.done = cmd, done
}

// WaitReady polls the process's readiness until it answers 200 or a minute has passed.
func (p *Process) WaitReady(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	client := &http.Client{Timeout: 2 * time.Second}
	last := "no answer"
	for time.Now().Before(deadline) {
		reply, err := client.Get(p.URL() + "/health/ready")
		if err == nil {
			_ = reply.Body.Close()
			if reply.StatusCode == http.StatusOK {
				return
			}
			last = reply.Status
		} else {
			last = err.Error()
		}
		select {
		case <-p.Exited():
			t.Fatalf("%s ended while it started\n%s", p.Name, p.Tail())
		case <-time.After(50 * time.Millisecond):
		}
	}
	t.Fatalf("%s is not ready after a minute: %s\n%s", p.Name, last, p.Tail())
}

// Signal sends a signal to the running process.
func (p *Process) Signal(t testing.TB, signal os.Signal) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatalf("signal %s: %v", p.Name, err)
	}
}

// Stop sends SIGTERM and waits for the end.
func (p *Process) Stop(t testing.TB) {
	t.Helper()
	p.Signal(t, syscall.SIGTERM)
	p.WaitExit(t, 30*time.Second)
}

// Kill sends SIGKILL, as a crash would end the process, and waits for the end.
func (p *Process) Kill(t testing.TB) {
	t.Helper()
	p.Signal(t, syscall.SIGKILL)
	p.WaitExit(t, 10*time.Second)
}

// WaitExit waits until the process has ended by itself or by a signal.
func (p *Process) WaitExit(t testing.TB, within time.Duration) {
	t.Helper()
	select {
	case <-p.Exited():
	case <-time.After(within):
		t.Fatalf("%s still runs after %s\n%s", p.Name, within, p.Tail())
	}
}

// Exited is closed when the process has ended; a process that never started has ended.
func (p *Process) Exited() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done == nil {
		ended := make(chan struct{})
		close(ended)
		return ended
	}
	return p.done
}

// PID is the running process's id, 0 before the first start.
func (p *Process) PID() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return 0
	}
	return p.cmd.Process.Pid
}

// Log is everything the process has printed since its first start.
func (p *Process) Log() string {
	text, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// Tail is the end of the log, for a failed test's message.
func (p *Process) Tail() string {
	lines := strings.Split(strings.TrimSpace(p.Log()), "\n")
	return p.Name + ": " + strings.Join(lines[max(0, len(lines)-30):], "\n"+p.Name+": ")
}

// end kills what still runs, without complaint: the test is over.
func (p *Process) end() {
	p.mu.Lock()
	cmd, done := p.cmd, p.done
	p.mu.Unlock()
	if cmd == nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		_ = cmd.Process.Kill()
		<-done
	}
}
