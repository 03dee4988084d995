package web

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// A stop fails no request: a client has a whole reply or is refused when it connects. Shutdown of net/http alone does not
// give that: it resets connections that only the kernel has accepted, drops a request whose head arrives after it began,
// and ends kept connections without a word. So before it,
//
//   - health says 503 and waiting handlers return, while everything is still answered (drainPause);
//   - from then on each reply tells that its connection ends (announcing), so that nobody sends the next request on it;
//   - the listener is emptied before it is closed (stopListening);
//   - what is left are requests, which end, and connections that have sent nothing yet, whose time for that is short (busy).
//
// Shutdown then closes connections that nobody has used since before the pause. A request that is sent on one of these in the
// moment of its close is lost, which HTTP/1.1 cannot prevent: a client has to expect it of any kept connection (RFC 9112,
// 9.3.1), and net/http's Transport, the gateway's too, repeats what may be repeated.

const (
	// drainPause lets the news spread that this process stops, while it still answers everything.
	drainPause = 200 * time.Millisecond
	// drainTime is what running requests get before they are cut.
	drainTime = 15 * time.Second
	// drainPoll is how often a drain looks whether it is done.
	drainPoll = 5 * time.Millisecond
)

// announcing has every reply of a stopping server say that its connection ends, and every reply to a request in chunks. A
// request with both Transfer-Encoding and Content-Length must end its connection (RFC 9112, 6.1), and net/http, which goes by
// the chunks, does not tell whether there was a length too.
func (s *Server) announcing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(lastReply{w.(connection), s.stopping}, r)
	})
}

// connection is what net/http gives a handler of HTTP/1.
type connection interface {
	http.ResponseWriter
	http.Flusher
	http.Hijacker
}

// lastReply decides when the reply begins, not when its request did: a request that ran already at the stop may end after it.
type lastReply struct {
	connection
	stopping <-chan struct{}
}

func (w lastReply) WriteHeader(status int) {
	select {
	case <-w.stopping:
		w.Header().Set("Connection", "close")
	default:
	}
	w.connection.WriteHeader(status)
}

// Unwrap is for http.ResponseController.
func (w lastReply) Unwrap() http.ResponseWriter { return w.connection }

// busy is the connections whose client waits for a reply or has not sent a request yet.
type busy struct {
	mu          sync.Mutex
	connections map[net.Conn]struct{}
}

// note is an http.Server's ConnState.
func (b *busy) note(c net.Conn, state http.ConnState) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch state {
	case http.StateNew:
		if b.connections == nil {
			b.connections = map[net.Conn]struct{}{}
		}
		b.connections[c] = struct{}{}
	case http.StateActive:
		b.connections[c] = struct{}{}
	default:
		delete(b.connections, c)
	}
}

// wait returns when there are none, or when ctx ends.
func (b *busy) wait(ctx context.Context) {
	poll := time.NewTicker(drainPoll)
	defer poll.Stop()
	for b.any() {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return
		}
	}
}

func (b *busy) any() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.connections) > 0
}
