package web

import (
	"context"
	"net/http"
	"time"
)

const (
	headerTime = 5 * time.Second  // for the head of a request: slow clients hold a connection no longer
	bodyTime   = 35 * time.Second // for head and body: longer than the gateway's, so that it is the gateway that answers a slow client
	replyTime  = 10 * time.Second // for a reply on its way, after its handler's time is up
	idleTime   = 2 * time.Minute  // between two requests on a connection
)

// begin starts a handler's time, once its input has been read, and gives the reply of a slow route its own deadline.
// net/http sets the server's again for the next request on the connection.
func (s *Server) begin(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if sc := scopeOf(ctx); sc != nil && timeout != s.options.Timeout {
		// Writers without deadlines are recorders in tests.
		_ = http.NewResponseController(sc.writer).SetWriteDeadline(writeDeadline(timeout))
	}
	if timeout < 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, timeout)
}

func writeDeadline(timeout time.Duration) time.Time {
	if timeout < 0 {
		return time.Time{}
	}
	return time.Now().Add(timeout + replyTime)
}
