package postgres_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// cutter is a proxy before PostgreSQL that cuts a connection at the moment a COMMIT passes.
type cutter struct {
	address string
	forward bool // whether the server still gets the COMMIT
	armed   sync.Map
}

// newCutter listens, and returns a pool whose statements pass through it. Call arm to cut the next COMMIT.
func newCutter(t *testing.T, database string, forward bool) (*cutter, *pgxpool.Pool) {
	t.Helper()
	u, err := url.Parse(database)
	require.NoError(t, err)
	c := &cutter{address: u.Host, forward: forward}
	u.Host = c.listen(t, "127.0.0.1:0")
	config, err := pgxpool.ParseConfig(u.String())
	require.NoError(t, err)
	// Statements pass as text, so that the proxy can read them.
	config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	config.ConnConfig.RuntimeParams["search_path"] = schema
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return c, pool
}

// listen serves until the test ends, and returns the address.
func (c *cutter) listen(t *testing.T, address string) string {
	t.Helper()
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { c.serve(client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return listener.Addr().String()
}

func (c *cutter) arm() { c.armed.Store("commit", true) }

func (c *cutter) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.address)
	if err != nil {
		return
	}
	defer server.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	replies := make(chan struct{})
	silent := make(chan struct{})
	wg.Go(func() { defer close(replies); copyUnless(client, server, silent) })

	buffer := make([]byte, 64<<10)
	for {
		n, err := client.Read(buffer)
		if err != nil {
			_ = server.Close()
			return
		}
		if bytes.Contains(buffer[:n], []byte("commit\x00")) {
			if _, cut := c.armed.LoadAndDelete("commit"); cut {
				c.cut(client, server, buffer[:n], silent, replies)
				return
			}
		}
		if _, err := server.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// cut loses the server's answer, with or without letting the request through.
func (c *cutter) cut(client, server net.Conn, request []byte, silent, replies chan struct{}) {
	close(silent)
	if c.forward {
		_, _ = server.Write(request)
		_ = server.(*net.TCPConn).CloseWrite() // the server answers all of it and closes
		<-replies
	} else {
		_ = server.Close()
	}
	_ = client.Close()
}

// copyUnless copies, and only drains once silent is closed.
func copyUnless(to, from net.Conn, silent <-chan struct{}) {
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			if err != io.EOF {
				return
			}
			_ = to.Close()
			return
		}
		select {
		case <-silent:
		default:
			_, _ = to.Write(buffer[:n])
		}
	}
}
