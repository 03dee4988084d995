package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"marketplace/shared/fault"
)

// scope is what the edge knows about a request.
type scope struct {
	id       string
	client   string
	trusted  bool // the peer is one of the trusted proxies
	stopping <-chan struct{}
	writer   http.ResponseWriter
	keyed    *keyed // of a request with an Idempotency-Key
	cause    error
}

type scopeKey struct{}

func scopeOf(ctx context.Context) *scope {
	sc, _ := ctx.Value(scopeKey{}).(*scope)
	return sc
}

// RequestID is the request's id: what X-Request-ID said, or the trace id.
func RequestID(ctx context.Context) string {
	if sc := scopeOf(ctx); sc != nil {
		return sc.id
	}
	return ""
}

// ClientIP is the address of the caller: the peer's, or what a trusted proxy says.
func ClientIP(ctx context.Context) string {
	if sc := scopeOf(ctx); sc != nil {
		return sc.client
	}
	return ""
}

// FromTrustedProxy says whether the peer is one of the trusted proxies, so that what it says of the client is believed.
func FromTrustedProxy(ctx context.Context) bool {
	sc := scopeOf(ctx)
	return sc != nil && sc.trusted
}

// Stopping is closed when the process begins to stop. Handlers that wait or stream return then.
func Stopping(ctx context.Context) <-chan struct{} {
	if sc := scopeOf(ctx); sc != nil {
		return sc.stopping
	}
	return nil
}

// TraceID is the id of the context's trace, empty without one.
func TraceID(ctx context.Context) string {
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		return span.TraceID().String()
	}
	return ""
}

// edge is the one middleware of all routes: id, span, metrics, log and the net for panics.
func (s *Server) edge(c *gin.Context) {
	start := time.Now()
	dropForged(c.Request.Header)
	repeated := oneLine(c.Request.Header)
	method, route := labels(c)
	body := c.Request.Body // before a limit stops its reader
	ctx, span := s.startSpan(c, method+" "+route)
	sc := &scope{id: requestID(ctx, c), client: c.ClientIP(), trusted: s.trusts(c.RemoteIP()), stopping: s.stopping, writer: c.Writer}
	c.Request = c.Request.WithContext(context.WithValue(ctx, scopeKey{}, sc))
	c.Header("X-Request-ID", sc.id)
	c.Header("X-Content-Type-Options", "nosniff")

	s.metrics.running.Inc()
	defer func() {
		s.metrics.running.Dec()
		aborted := s.caught(c, sc, recover())
		status, took := c.Writer.Status(), time.Since(start)
		s.metrics.observe(method, route, status, took)
		describe(span, method, route, status)
		s.report(ctx, sc, method, route, status, took)
		if aborted {
			panic(http.ErrAbortHandler) // the reply has begun: break the connection, so that nobody takes it for whole
		}
		linger(c, body) // not counted: how long it takes is the client's doing
	}()
	switch {
	case repeated != "":
		s.write(c, repeatedProblem(repeated))
	case !parses(c.Request.URL.RawQuery):
		s.write(c, problemFor(http.StatusBadRequest))
	default:
		c.Next()
	}
}

// startSpan starts the request's span: in the caller's trace, or in a new one that is linked to the caller's.
func (s *Server) startSpan(c *gin.Context, name string) (context.Context, trace.Span) {
	header := propagation.HeaderCarrier(c.Request.Header)
	ctx, propagator := c.Request.Context(), otel.GetTextMapPropagator()
	said := propagator.Extract(ctx, header)
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindServer)}
	if !s.options.Public || s.trusts(c.RemoteIP()) {
		return s.tracer.Start(said, name, options...)
	}
	for _, field := range propagator.Fields() {
		c.Request.Header.Del(field) // or a proxy would pass them on
	}
	if trace.SpanContextFromContext(said).IsValid() {
		options = append(options, trace.WithLinks(trace.LinkFromContext(said)))
	}
	return s.tracer.Start(ctx, name, options...)
}

// parses says whether a query can be read without loss: net/url leaves out the pairs that it cannot read.
func parses(query string) bool {
	_, err := url.ParseQuery(query)
	return err == nil
}

// labels are the request's method and route, from bounded sets whatever the client sends.
func labels(c *gin.Context) (method, route string) {
	if route = c.FullPath(); route == "" {
		return "other", "unmatched"
	}
	return c.Request.Method, route
}

// dropForged removes identity headers: who calls is in the token and nowhere else.
func dropForged(h http.Header) {
	for name := range h {
		if strings.HasPrefix(name, "X-User-") {
			delete(h, name)
		}
	}
}

// requestID takes over the caller's id when it is harmless in logs and headers.
func requestID(ctx context.Context, c *gin.Context) string {
	id := c.GetHeader("X-Request-ID")
	harmless := func(r rune) bool {
		return r == '-' || r == '_' || r == '.' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
	}
	if id == "" || len(id) > 128 || strings.ContainsFunc(id, func(r rune) bool { return !harmless(r) }) {
		return TraceID(ctx)
	}
	return id
}

// caught answers a panic with a 500. It returns true when that is too late.
func (s *Server) caught(c *gin.Context, sc *scope, panicked any) (aborted bool) {
	if panicked == nil {
		return false
	}
	if panicked == http.ErrAbortHandler { //nolint:errorlint // net/http's own sentinel, compared as net/http does
		return true
	}
	sc.cause = fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
	if c.Writer.Written() {
		return true
	}
	p := problemFor(http.StatusInternalServerError)
	p.TraceID = TraceID(c.Request.Context())
	s.write(c, p)
	return false
}

// write sends a problem without huma.
func (s *Server) write(c *gin.Context, p *Problem) {
	if p.TraceID == "" {
		p.TraceID = TraceID(c.Request.Context())
	}
	for name, values := range p.GetHeaders() {
		c.Writer.Header()[name] = values
	}
	body, err := json.Marshal(p)
	if err != nil { // only Details could do that
		s.log.Error().Err(err).Str("code", p.Code).Msg("a problem cannot be encoded")
		p.Details = nil
		body, _ = json.Marshal(p)
	}
	c.Data(p.Status, p.ContentType(""), body)
	c.Abort()
}

func describe(span trace.Span, method, route string, status int) {
	if span.IsRecording() {
		span.SetAttributes(
			attribute.String("http.request.method", method),
			attribute.String("http.route", route),
			attribute.Int("http.response.status_code", status),
		)
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
	}
	span.End()
}

// report writes the request's one line: what went wrong on our side at warn or error, the rest at debug. A value that only the
// database refused is a mistake of ours too, though the reply calls the request invalid.
func (s *Server) report(ctx context.Context, sc *scope, method, route string, status int, took time.Duration) {
	var line *zerolog.Event
	switch {
	case status == http.StatusInternalServerError:
		line = s.log.Error()
	case status > http.StatusInternalServerError, fault.DataException(sc.cause):
		line = s.log.Warn()
	default:
		line = s.log.Debug()
	}
	if line == nil || !line.Enabled() {
		return
	}
	if sc.id != TraceID(ctx) {
		line.Str("request_id", sc.id)
	}
	line.Ctx(ctx).Str("method", method).Str("route", route).Int("status", status).Dur("took_ms", took).
		AnErr("cause", sc.cause).Msg("request")
}
