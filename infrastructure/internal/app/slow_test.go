package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/internal/config"
	"marketplace/shared/testkit"
)

// The whole of a reply is read from the service, however slowly it is read from the gateway, and what the gateway holds has a bound.
func TestGateway_P42_ClientsWhoNeverReadCostNoServiceAndABoundedMemory(t *testing.T) {
	t.Parallel()
	const page, most, readers = 8_000_000, 40_000_000, 30 // a page is more than the kernel's buffers take
	page8 := strings.Repeat("a", page)
	var running atomic.Int64
	g := start(t, func(w http.ResponseWriter, _ *http.Request) {
		running.Add(1)
		defer running.Add(-1)
		_, _ = io.WriteString(w, page8)
	}, func(c *config.Config) {
		c.MaxReply, c.HeldPerClient, c.HeldReplies, c.ReplyTimeout = 10_000_000, most, 2*most, 3*time.Second
	})
	var connections []net.Conn
	for range readers {
		connection, err := net.Dial("tcp", g.addr)
		require.NoError(t, err)
		t.Cleanup(func() { _ = connection.Close() })
		connections = append(connections, connection)
		_, err = io.WriteString(connection, "GET /api/v1/orders HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
	}
	refused := func() int { return g.metric(t, `gateway_held_refused_total{bound="client"}`) }
	testkit.Eventually(t, within, func() bool { return refused() > 0 && running.Load() == 0 }, "the services are done")
	require.LessOrEqual(t, g.metric(t, "gateway_held_bytes"), most)
	turnedAway := 0
	for _, connection := range connections {
		require.NoError(t, connection.SetReadDeadline(time.Now().Add(within)))
		got, err := http.ReadResponse(bufio.NewReader(connection), nil)
		require.NoError(t, err)
		if got.StatusCode == http.StatusOK {
			continue // its body stays unread
		}
		turnedAway++
		body, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		require.NoError(t, got.Body.Close())
		requireProblem(t, reply{got.StatusCode, got.Header, string(body)}, http.StatusTooManyRequests, "replies_unread")
		require.NotEmpty(t, got.Header.Get("Retry-After"))
	}
	require.Equal(t, refused(), turnedAway)

	testkit.Eventually(t, within, func() bool { return g.metric(t, "gateway_held_bytes") == 0 }, "who does not read is cut off")
	require.Len(t, g.get(t, "/api/v1/orders").body, page)
	testkit.Eventually(t, within, func() bool { return g.metric(t, "gateway_held_bytes") == 0 })
}

// A change has happened when its reply finds no room: it must not be lost.
func TestGateway_P42_ALongReplyFlows(t *testing.T) {
	t.Parallel()
	const long = 3_000_000
	g := start(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("b", long))
	}, func(c *config.Config) { c.MaxReply, c.HeldPerClient, c.HeldReplies = 1_000_000, 1_000_000, 1_000_000 })
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		got := g.send(t, method, "/api/v1/orders", http.NoBody)
		require.Equal(t, http.StatusOK, got.status, got.body[:min(300, len(got.body))])
		require.Len(t, got.body, long)
	}
	testkit.Eventually(t, within, func() bool { return g.metric(t, "gateway_held_bytes") == 0 })
}

// metric is the value of one of the gateway's metrics, zero when it has none yet.
func (g *gateway) metric(t *testing.T, name string) int {
	t.Helper()
	found := regexp.MustCompile(fmt.Sprintf(`(?m)^%s (\S+)$`, regexp.QuoteMeta(name))).FindStringSubmatch(g.metrics(t).body)
	if found == nil {
		return 0
	}
	value, err := strconv.ParseFloat(found[1], 64)
	require.NoError(t, err)
	return int(value)
}
