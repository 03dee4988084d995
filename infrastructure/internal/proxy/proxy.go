package proxy

import (
	"context"
	"errors"
	"log"
	"net/http"
	"net/http/httputil"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"

	"marketplace/infrastructure/internal/upstream"
	"marketplace/shared/fault"
	"marketplace/shared/web"
)

// Options are the choices of Register.
type Options struct {
	Transport http.RoundTripper // takes a service's name for a host
	Limits    func() Limits     // asked once for each request, and by what holds replies for each piece
	Registry  prometheus.Registerer
}

// Limits bound requests and replies: in bytes, and in time.
type Limits struct {
	MaxBody        int64
	BodyTimeout    time.Duration
	RequestTimeout time.Duration
	StreamTimeout  time.Duration
	ReplyTimeout   time.Duration // for a client to read a reply
	MaxReply       int64         // what is held of one reply; more flows as the client reads it
	Held           int64         // what is held of all replies together
	HeldPerClient  int64         // what is held for one client address
}

// proxy is the handler of every route in the table.
type proxy struct {
	Options
	server  *web.Server
	buffers *bufferPool
	held    *held
}

// Register adds all routes of the services to the server; before is run first on each.
func Register(server *web.Server, o Options, before ...gin.HandlerFunc) {
	p := &proxy{Options: o, server: server, buffers: newBufferPool(), held: newHeld(o.Registry, o.Limits)}
	services := map[string]gin.HandlerFunc{}
	route := func(path, service string) {
		handle, ok := services[service]
		if !ok {
			handle = p.to(service)
			services[service] = handle
		}
		server.Engine().Match(methods, path, append(before[:len(before):len(before)], handle)...)
	}
	for segment, service := range owners {
		route(prefix+segment, service)
		route(prefix+segment+"/*rest", service)
	}
	route(keys, keysOwner)
}

// to is the handler that passes requests on to one service.
func (p *proxy) to(service string) gin.HandlerFunc {
	reverse := &httputil.ReverseProxy{
		Transport:      p,
		BufferPool:     p.buffers,
		Rewrite:        func(r *httputil.ProxyRequest) { direct(r, service) },
		ModifyResponse: cleanReply,
		ErrorHandler: func(_ http.ResponseWriter, r *http.Request, err error) {
			exchangeOf(r.Context()).err = err
		},
		ErrorLog: log.New(discard{}, "", 0), // replies that end early: the client sees a broken connection, the metrics count it
	}
	return func(c *gin.Context) {
		limits := p.Limits()
		timeout := limits.timeout(c.Request)
		body, err := receive(c, limits, timeout)
		if err != nil {
			p.server.Refuse(c, err)
			return
		}
		if body != nil {
			defer func() { _ = body.Close() }() // ends a read of the transport's, which ReverseProxy leaves to us
		}
		x := &exchange{
			client: web.ClientNetwork(c.Request.Context()), limits: limits, control: http.NewResponseController(c.Writer), body: body,
		}
		defer func() { x.reply.release() }()
		ctx, cancel := context.WithCancelCause(upstream.WithClient(context.WithValue(c.Request.Context(), exchangeKey{}, x), x.client))
		defer cancel(nil)
		ctx, release := within(ctx, cancel, limits.BodyTimeout, timeout, body)
		defer release()
		if streams(c.Request) {
			defer endWith(func() { cancel(nil) }, web.Stopping(ctx))()
		}
		forwarded(c)
		reverse.ServeHTTP(c.Writer, c.Request.WithContext(ctx))
		if x.err != nil {
			p.fail(c, body, x.err)
		}
	}
}

// within cancels a request when its time is up. The time begins when the service has all of the request; a body that
// is still coming has its own time on top (of which the connection's read deadline sees to the client's part).
func within(
	ctx context.Context, cancel context.CancelCauseFunc, bodyTimeout, timeout time.Duration, body *clientBody,
) (limited context.Context, release func() bool) {
	expire := func() { cancel(context.DeadlineExceeded) }
	if body == nil {
		return ctx, time.AfterFunc(timeout, expire).Stop
	}
	timer := time.AfterFunc(bodyTimeout+timeout, expire)
	noDeadline := body.whole
	body.whole = func() { noDeadline(); timer.Reset(timeout) }
	return upstream.WithBody(ctx, body), timer.Stop
}

// fail answers a request whose round trip failed.
func (p *proxy) fail(c *gin.Context, body *clientBody, err error) {
	if body != nil && body.problem() != nil {
		err = body.problem()
	}
	if errors.Is(err, context.Canceled) {
		c.Abort() // the client has left: nobody reads an answer
		c.Status(statusClientClosed)
		return
	}
	p.server.Refuse(c, err)
}

// statusClientClosed is nginx's status for it, seen in the metrics only.
const statusClientClosed = 499

// timeout is how long the request may take: the asked-for wait comes on top, streams have a time of their own.
func (l Limits) timeout(r *http.Request) time.Duration {
	if streams(r) {
		return l.StreamTimeout
	}
	if strings.Contains(r.URL.RawQuery, "wait=") {
		if wait, err := time.ParseDuration(r.URL.Query().Get("wait")); err == nil && wait > 0 {
			return l.RequestTimeout + min(wait, longestWait)
		}
	}
	return l.RequestTimeout
}

// longestWait bounds what ?wait= can ask for.
const longestWait = time.Minute

// streams says whether the route sends server-sent events. What the client accepts says nothing: nobody may give a request
// of another route a stream's time.
func streams(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/stream")
}

// endWith calls end when stopping is closed, unless release was called before: a stream would hold up a stop for its whole life.
func endWith(end func(), stopping <-chan struct{}) (release func()) {
	done := make(chan struct{})
	go func() {
		select {
		case <-stopping:
			end()
		case <-done:
		}
	}()
	return func() { close(done) }
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

var errBroken = fault.New(fault.Malformed, "body_broken", "The body ended early.")
