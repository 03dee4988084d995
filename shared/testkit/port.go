package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"
)

// Ports below those that the system gives to connections and to whoever listens on any.
const (
	firstPort = 20_000
	ports     = 12_000
)

// nextPort counts from a place of each process's own, so that processes seldom look at the same ports.
var nextPort = func() *atomic.Int64 {
	n := new(atomic.Int64)
	n.Store(rand.Int64N(ports))
	return n
}()

// FreePort returns a port that nobody listens on, to this test alone until it ends. A program may come to listen only seconds
// later, or again after it was killed: a port that the system chose could be another program's by then.
func FreePort(t testing.TB) int {
	t.Helper()
	for range ports {
		port := firstPort + int(nextPort.Add(1)%ports)
		if reserve(t, port) {
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

// reserve takes a name in the system's abstract namespace, which no other process can have meanwhile, however this one ends.
func reserve(t testing.TB, port int) bool {
	reservation, err := net.Listen("unix", fmt.Sprintf("@marketplace-test-port-%d", port))
	if err != nil {
		return false
	}
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err != nil {
		_ = reservation.Close()
		return false
	}
	_ = listener.Close()
	t.Cleanup(func() { _ = reservation.Close() })
	return true
}
