package web_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/require"

	"marketplace/shared/auth"
	"marketplace/shared/web"
)

// Requests that two programs in a row could read differently. What is refused ends its connection, and so does what is
// allowed but suspicious: nothing that follows on the connection is taken for a request.
func TestServe_P42_FramingIsReadInOneWay(t *testing.T) {
	t.Parallel()
	s := bare()
	web.Handle(s, auth.Public(), web.WithoutKey(huma.Operation{Method: "POST", Path: "/things"}, "Harmless."),
		func(context.Context, *struct {
			Body struct {
				A int `json:"a,omitempty"`
			}
		},
		) (*struct{ Body string }, error) {
			return &struct{ Body string }{"done"}, nil
		})
	v := serve(t, s)
	const end = "\r\n\r\n"
	for name, c := range map[string]struct {
		head, body string
		status     int
		goesOn     bool
	}{
		"a plain request":              {"Content-Length: 2" + end, "{}", 200, true},
		"length and chunks":            {"Content-Length: 2\r\nTransfer-Encoding: chunked" + end, "2\r\n{}\r\n0\r\n\r\n", 200, false},
		"chunks and length":            {"Transfer-Encoding: chunked\r\nContent-Length: 200" + end, "2\r\n{}\r\n0\r\n\r\n", 200, false},
		"chunks, and a bad length":     {"Transfer-Encoding: chunked\r\nContent-Length: x" + end, "2\r\n{}\r\n0\r\n\r\n", 400, false},
		"chunks alone":                 {"Transfer-Encoding: chunked" + end, "2\r\n{}\r\n0\r\n\r\n", 200, false},
		"two lengths":                  {"Content-Length: 2\r\nContent-Length: 3" + end, "{}", 400, false},
		"one length twice":             {"Content-Length: 2\r\nContent-Length: 2" + end, "{}", 200, true},
		"a list of lengths":            {"Content-Length: 2, 2" + end, "{}", 400, false},
		"a length with a sign":         {"Content-Length: +2" + end, "{}", 400, false},
		"two encodings":                {"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity" + end, "0\r\n\r\n", 501, false},
		"another encoding":             {"Transfer-Encoding: gzip, chunked" + end, "0\r\n\r\n", 501, false},
		"a space before the colon":     {"Content-Length : 2" + end, "{}", 400, false},
		"a folded line":                {"X-A: b\r\n Transfer-Encoding: chunked\r\nContent-Length: 2" + end, "{}", 200, true}, // one value of X-A
		"a carriage return in a line":  {"X-A: b\rTransfer-Encoding: chunked\r\nContent-Length: 2" + end, "{}", 400, false},
		"a chunk's length with a sign": {"Transfer-Encoding: chunked" + end, "+2\r\n{}\r\n0\r\n\r\n", 400, false},
		"two hosts":                    {"Host: y\r\nContent-Length: 2" + end, "{}", 400, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, rest := exchange(t, strings.TrimPrefix(v.URL, "http://"),
				"POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+c.head+c.body)
			require.Equal(t, c.status, status)
			require.Equal(t, c.goesOn, rest)
		})
	}
}

// exchange sends a request and another one behind it, and returns the first's status and whether the second was answered.
func exchange(t *testing.T, addr, request string) (status int, goesOn bool) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, request+"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	replies := bufio.NewReader(conn)
	first, err := http.ReadResponse(replies, nil)
	require.NoError(t, err)
	_, err = io.Copy(io.Discard, first.Body)
	require.NoError(t, err)
	second, err := http.ReadResponse(replies, nil)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return first.StatusCode, false
	}
	if netErr, ok := errors.AsType[*net.OpError](err); ok && !netErr.Timeout() {
		return first.StatusCode, false
	}
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, second.StatusCode)
	return first.StatusCode, true
}

func TestServer_SeveralLinesOfAFieldAreOne(t *testing.T) {
	t.Parallel()
	shop := newShop(t, func(o *web.Options) { o.TrustedProxies = []string{"127.0.0.1"} })
	send := func(headers ...string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, shop.URL+"/api/v1/whoami", http.NoBody)
		require.NoError(t, err)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Add(headers[i], headers[i+1])
		}
		reply, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		defer reply.Body.Close()
		body, err := io.ReadAll(reply.Body)
		require.NoError(t, err)
		return reply.StatusCode, string(body)
	}
	_, body := send("X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "8.8.8.8")
	require.Contains(t, body, `"client_ip":"8.8.8.8"`, "the last one is who a trusted proxy has seen")
	status, _ := send("Accept", "text/plain", "Accept", "application/json")
	require.Equal(t, http.StatusOK, status)

	for _, name := range []string{"Authorization", "Content-Type", "Idempotency-Key", "Stripe-Signature"} {
		status, body := send(name, "a", name, "a")
		require.Equal(t, http.StatusBadRequest, status, name)
		require.Contains(t, body, `"code":"header_repeated"`)
	}
}
