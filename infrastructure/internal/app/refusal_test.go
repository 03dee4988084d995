package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/internal/config"
)

// framings are the two ways to send a body, in pieces of 32 KB with a pause after each.
var framings = map[string]struct{ head, before, after, end string }{
	"with its length": {head: "Content-Length: %d\r\n\r\n"},
	"in chunks":       {head: "Transfer-Encoding: chunked\r\n\r\n", before: "8000\r\n", after: "\r\n", end: "0\r\n\r\n"},
}

// A client that reads only after it has sent its whole body gets the refusal, whoever refused and however the body is framed: a
// connection that was closed while bytes of the body wait would be reset, and the reply lost.
func TestGateway_ARefusalArrivesAtAClientThatIsStillSending(t *testing.T) {
	t.Parallel()
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close") // as net/http does over a body that it does not read
		http.Error(w, "refused before the body was read", http.StatusConflict)
	}))
	t.Cleanup(refusing.Close)
	g := start(t, echo, func(c *config.Config) { c.OrderServiceURL, c.MaxBody = refusing.URL, 4<<20 })
	g.knowsWhatIsSecured(t)
	for name, c := range map[string]struct {
		path           string
		status, pieces int
	}{
		"by the service":                     {"/api/v1/orders", 409, 100},
		"by the gateway for its size":        {"/api/v1/users", 413, 150},
		"by the gateway for want of a token": {secured, 401, 100},
		"by the gateway for its address":     {"/api/v1/nothing", 404, 100},
	} {
		for framed, f := range framings {
			for _, pause := range []time.Duration{0, 500 * time.Millisecond} {
				t.Run(fmt.Sprintf("%s, %s, pausing %s", name, framed, pause), func(t *testing.T) {
					t.Parallel()
					connection, err := net.Dial("tcp", g.addr)
					require.NoError(t, err)
					defer func() { _ = connection.Close() }()
					require.NoError(t, connection.SetDeadline(time.Now().Add(within)))
					head := f.head
					if strings.Contains(head, "%d") {
						head = fmt.Sprintf(head, c.pieces<<15)
					}
					_, err = fmt.Fprintf(connection, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s", c.path, head)
					require.NoError(t, err)
					for i := range c.pieces {
						_, err = io.WriteString(connection, f.before+strings.Repeat(" ", 1<<15)+f.after)
						require.NoError(t, err, "nobody reads the body after %d pieces", i)
						if i == 2 {
							<-time.After(pause)
						}
					}
					_, err = io.WriteString(connection, f.end)
					require.NoError(t, err)
					reply, err := http.ReadResponse(bufio.NewReader(connection), nil)
					require.NoError(t, err)
					defer func() { _ = reply.Body.Close() }()
					require.Equal(t, c.status, reply.StatusCode)
					_, err = io.Copy(io.Discard, reply.Body)
					require.NoError(t, err)
				})
			}
		}
	}
}
