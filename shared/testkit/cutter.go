package testkit

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
)

// Cutter is a proxy before PostgreSQL that cuts a connection at the moment a COMMIT passes, so that its client cannot
// know the outcome. It reads the wire protocol: a COMMIT is a simple query or the execution of a prepared statement.
type Cutter struct {
	URL     string // of the database, through the proxy
	server  string
	deliver atomic.Bool
	armed   atomic.Bool
}

// NewCutter returns a proxy before the database, until the test ends.
func NewCutter(t testing.TB, database string) *Cutter {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatalf("database url: %v", err)
	}
	c := &Cutter{server: u.Host}
	u.Host = c.Listen(t, "127.0.0.1:0")
	c.URL = u.String()
	return c
}

// Arm makes the next COMMIT cut its connection; deliver says whether the server still gets it.
func (c *Cutter) Arm(deliver bool) {
	c.deliver.Store(deliver)
	c.armed.Store(true)
}

// Listen serves at another address too, and returns it.
func (c *Cutter) Listen(t testing.TB, address string) string {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	var connections sync.WaitGroup
	connections.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Go(func() { c.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		connections.Wait()
	})
	return listener.Addr().String()
}

func (c *Cutter) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		return
	}
	var silent atomic.Bool
	var replies sync.WaitGroup
	defer replies.Wait()
	defer func() { _ = server.Close() }()
	replies.Go(func() {
		defer func() { _ = client.Close() }()
		_, _ = io.Copy(unless{client, &silent}, server)
	})
	if c.requests(client, server, &silent) {
		_ = server.(*net.TCPConn).CloseWrite() // the server finishes what it got, and closes
		replies.Wait()
	}
}

// requests passes the client's messages on until the connection ends or is cut; it returns true when the server shall
// still answer, to nobody.
func (c *Cutter) requests(client io.Reader, server io.Writer, silent *atomic.Bool) bool {
	in := bufio.NewReader(client)
	commits := map[string]bool{} // prepared statements that are a COMMIT
	for first := true; ; first = false {
		kind, message, err := readMessage(in, first)
		if err != nil {
			return false
		}
		if !silent.Load() && isCommit(kind, message, commits) && c.armed.CompareAndSwap(true, false) {
			silent.Store(true)
			if !c.deliver.Load() {
				return false
			}
		}
		if _, err := server.Write(message); err != nil {
			return false
		}
		if silent.Load() && (kind == 'S' || kind == 'Q') {
			return true
		}
	}
}

// readMessage returns a whole message of the frontend. The first one of a connection has no kind.
func readMessage(in *bufio.Reader, first bool) (kind byte, message []byte, err error) {
	header := 5
	if first {
		header = 4
	}
	message = make([]byte, header)
	if _, err := io.ReadFull(in, message); err != nil {
		return 0, nil, err
	}
	if !first {
		kind = message[0]
	}
	rest := make([]byte, binary.BigEndian.Uint32(message[header-4:])-4)
	if _, err := io.ReadFull(in, rest); err != nil {
		return 0, nil, err
	}
	return kind, append(message, rest...), nil
}

// isCommit remembers what Parse prepares and says whether the message runs a COMMIT.
func isCommit(kind byte, message []byte, commits map[string]bool) bool {
	if len(message) < 6 {
		return false
	}
	fields := bytes.SplitN(message[5:], []byte{0}, 3)
	switch {
	case kind == 'Q':
		return bytes.EqualFold(fields[0], []byte("commit"))
	case kind == 'P' && len(fields) > 1: // statement name, query
		commits[string(fields[0])] = bytes.EqualFold(fields[1], []byte("commit"))
	case kind == 'B' && len(fields) > 1: // portal, statement name
		return commits[string(fields[1])]
	}
	return false
}

// unless writes to nobody once silent is set.
type unless struct {
	to     io.Writer
	silent *atomic.Bool
}

func (u unless) Write(p []byte) (int, error) {
	if u.silent.Load() {
		return len(p), nil
	}
	return u.to.Write(p)
}
