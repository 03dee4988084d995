package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"marketplace/infrastructure/internal/config"
)

func TestGateway_P42_AnOversizedBodyIsRefused(t *testing.T) {
	t.Parallel()
	var got atomic.Int64
	g := start(t, func(_ http.ResponseWriter, r *http.Request) {
		n, _ := io.Copy(io.Discard, r.Body)
		got.Add(n)
	}, func(c *config.Config) { c.MaxBody = 1 << 20 })

	said := g.send(t, http.MethodPost, "/api/v1/products", strings.NewReader(strings.Repeat("a", 1<<20+1)))
	requireProblem(t, said, http.StatusRequestEntityTooLarge, "body_too_large")
	require.Zero(t, got.Load(), "a length that is said is refused before anything is sent")

	chunked := g.send(t, http.MethodPost, "/api/v1/products", io.LimitReader(endless{}, 2<<20))
	requireProblem(t, chunked, http.StatusRequestEntityTooLarge, "body_too_large")

	full := g.send(t, http.MethodPost, "/api/v1/products", io.LimitReader(endless{}, 1<<20))
	require.Equal(t, http.StatusOK, full.status)
}

// Not parallel: it measures the memory of the process.
func TestGateway_P42_LargeBodiesLeaveMemoryFlat(t *testing.T) {
	g := start(t, echo, func(c *config.Config) { c.MaxBody = 1 << 30 })
	g.send(t, http.MethodPost, "/api/v1/products", io.LimitReader(endless{}, 1<<20))
	const size = 256 << 20
	var most uint64
	watched := &watching{Reader: io.LimitReader(endless{}, size), every: 16 << 20, look: func() {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	}}
	watched.look()
	before := most
	require.Equal(t, size, g.send(t, http.MethodPost, "/api/v1/products", watched).echoed(t).Body)
	require.Less(t, most-before, uint64(8<<20))
}

func TestGateway_P50_ASlowServiceGetsTheRequestsTimeAndNoMore(t *testing.T) {
	t.Parallel()
	g := start(t, func(w http.ResponseWriter, r *http.Request) {
		wait := time.NewTimer(time.Second)
		defer wait.Stop()
		select {
		case <-wait.C:
		case <-r.Context().Done():
		}
	}, func(c *config.Config) { c.RequestTimeout = 300 * time.Millisecond })

	requireProblem(t, g.get(t, "/api/v1/orders/a"), http.StatusGatewayTimeout, "timeout")
	require.Equal(t, http.StatusOK, g.get(t, "/api/v1/orders/a?wait=5s").status, "asked to wait")
	requireProblem(t, g.get(t, "/api/v1/orders/a?wait=nonsense"), http.StatusGatewayTimeout, "timeout")
	requireProblem(t, g.get(t, "/api/v1/orders/a", "Accept", "text/event-stream"), http.StatusGatewayTimeout, "timeout")
}

func TestGateway_EventsAreNotHeldBack(t *testing.T) {
	t.Parallel()
	more := make(chan struct{})
	g := start(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-more:
			case <-r.Context().Done():
				return
			}
		}
	}, func(c *config.Config) { c.RequestTimeout = time.Second })

	stream, err := g.client.Get(g.url + "/api/v1/orders/a/stream")
	require.NoError(t, err)
	defer stream.Body.Close()
	lines := bufio.NewScanner(stream.Body)
	for i := range 3 {
		require.True(t, lines.Scan(), "the event comes while the service goes on")
		require.Equal(t, fmt.Sprintf("data: %d", i), lines.Text())
		require.True(t, lines.Scan())
		_, _ = (&late{after: 500 * time.Millisecond}).Read(nil) // the stream outlives the time of a request
		more <- struct{}{}
	}
	require.False(t, lines.Scan())
}

func TestGateway_P47_AStopFinishesRequestsAndEndsStreams(t *testing.T) {
	t.Parallel()
	entered, release := make(chan struct{}, 2), make(chan struct{})
	g := start(t, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		if strings.HasSuffix(r.URL.Path, "/stream") {
			w.Header().Set("Content-Type", "text/event-stream")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		<-release
	}, nil)
	answers := make(chan int, 1)
	go func() {
		answer, err := g.client.Post(g.url+"/api/v1/orders", "application/json", strings.NewReader("{}"))
		if err != nil {
			answers <- 0
			return
		}
		answers <- answer.StatusCode
		answer.Body.Close()
	}()
	<-entered
	stream, err := g.client.Get(g.url + "/api/v1/orders/a/stream")
	require.NoError(t, err)
	defer stream.Body.Close()
	<-entered

	stopped := make(chan error, 1)
	go func() { stopped <- g.stop() }()
	_, _ = io.Copy(io.Discard, stream.Body) // ends, though the service would go on for ever
	require.Empty(t, stopped)
	close(release)
	require.Equal(t, http.StatusOK, <-answers)
	require.NoError(t, <-stopped)
}

// However carefully a service stops, a kept connection may end just when the next request is sent on it.
func TestGateway_P47_AChangeWithAKeyOutlivesItsConnection(t *testing.T) {
	t.Parallel()
	var cut atomic.Bool
	var got atomic.Int64
	g := start(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		got.Add(1)
		if cut.CompareAndSwap(true, false) {
			panic(http.ErrAbortHandler)
		}
	}, nil)
	place := func(headers ...string) reply {
		return g.send(t, http.MethodPost, "/api/v1/orders", strings.NewReader("{}"), headers...)
	}
	require.Equal(t, http.StatusOK, place().status, "its connection is kept")
	cut.Store(true)
	require.Equal(t, http.StatusOK, place("Idempotency-Key", "k").status)
	require.EqualValues(t, 3, got.Load(), "sent again")
	cut.Store(true)
	requireProblem(t, place(), http.StatusGatewayTimeout, "outcome_unknown")
	require.EqualValues(t, 4, got.Load(), "not sent again")
}

// endless is a body without an end.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// watching calls look every so many bytes.
type watching struct {
	io.Reader
	every, since int
	look         func()
}

func (w *watching) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if w.since += n; w.since > w.every {
		w.since = 0
		w.look()
	}
	return n, err
}
