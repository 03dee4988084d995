package sandboxtest

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

// given counts from a place of each process's own, so that processes seldom look at the same ports.
var given = func() *atomic.Int64 {
	n := new(atomic.Int64)
	n.Store(rand.Int64N(ports))
	return n
}()

// FreePort returns a port that nobody listens on, each once. A program may come to listen only seconds later: a port that the
// system had chosen could be given to another test meanwhile.
func FreePort(t testing.TB) int {
	t.Helper()
	for range ports {
		port := firstPort + int(given.Add(1)%ports)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue // somebody does
		}
		_ = l.Close()
		return port
	}
	t.Fatal("no port is free")
	return 0
}
