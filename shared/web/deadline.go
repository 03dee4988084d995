package web

import (
	"context"
	"net/http"
	"time"
)

const (
	headerTime = 5 * time.Second  // for the head of a request: slow clients hold a connection no longer
	bodyTime   = 15 * time.Second // for head and body
	replyTime  = 10 * time.Second // for a reply on its way, after its handler's time is up
	idleTime   = 2 * time.Minute  // between two requests on a connection
)

// begin starts a handler's time, once its input has been read.
//
// The deadline for reading is lifted: net/http watches the connection while a handler runs, and takes a deadline
// that passes for a client that has left. net/http sets both deadlines again for the next request.
func (s *Server) begin(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if sc := scopeOf(ctx); sc != nil {
		// Writers without deadlines are recorders in tests.
		control := http.NewResponseController(sc.writer)
		_ = control.SetReadDeadline(time.Time{})
		if timeout != s.options.Timeout {
			_ = control.SetWriteDeadline(writeDeadline(timeout))
		}
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
