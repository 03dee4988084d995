package web_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The client sends all of its body before it reads: without the server's patience the connection would be reset under it.
func TestRefusal_ArrivesAtAClientThatIsStillSending(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const length = 6 << 20
	for name, c := range map[string]struct {
		head    string
		chunked bool
		status  int
	}{
		"too long for the route":         {"POST /api/v1/orders", false, 413},
		"too long and in chunks":         {"POST /api/v1/orders", true, 413},
		"to a route that nobody has":     {"POST /api/v1/nothing", false, 404},
		"without the token":              {"GET /api/v1/mine", false, 401},
		"with a query that nobody reads": {"POST /api/v1/orders?%zz", false, 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			framing, body := fmt.Sprintf("Content-Length: %d", length), strings.Repeat(" ", length)
			if c.chunked {
				framing, body = "Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", length, body)
			}
			connection, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
			require.NoError(t, err)
			defer func() { _ = connection.Close() }()
			require.NoError(t, connection.SetDeadline(time.Now().Add(20*time.Second)))
			_, err = fmt.Fprintf(connection, "%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s\r\n\r\n%s", c.head, framing, body)
			require.NoError(t, err, "nobody read the body")
			reply, err := http.ReadResponse(bufio.NewReader(connection), nil)
			require.NoError(t, err)
			defer func() { _ = reply.Body.Close() }()
			require.Equal(t, c.status, reply.StatusCode)
			_, err = io.Copy(io.Discard, reply.Body)
			require.NoError(t, err)
		})
	}
}
