package proxy

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"marketplace/infrastructure/internal/upstream"
	"marketplace/shared/web"
)

const (
	// smallBody is what is read whole before the request goes on.
	smallBody = 64 << 10
	// replyTime is what a slow client gets for reading the reply, after the request's own time.
	replyTime = 10 * time.Second
)

// receive sets the connection's deadlines and makes the body ready to be sent.
func (p *proxy) receive(c *gin.Context, timeout time.Duration) error {
	r, control := c.Request, http.NewResponseController(c.Writer)
	// Writers without deadlines are recorders in tests.
	_ = control.SetWriteDeadline(time.Now().Add(p.BodyTimeout + timeout + replyTime))
	if r.ContentLength > p.MaxBody {
		return web.ProblemFor(http.StatusRequestEntityTooLarge)
	}
	if r.ContentLength == 0 {
		r.Body = http.NoBody
		_ = control.SetReadDeadline(time.Time{})
		return nil
	}
	_ = control.SetReadDeadline(time.Now().Add(p.BodyTimeout))
	body := &clientBody{ReadCloser: http.MaxBytesReader(c.Writer, r.Body, p.MaxBody)}
	if r.ContentLength < 0 || r.ContentLength > smallBody {
		r.Body = body
		return nil
	}
	whole := make([]byte, r.ContentLength)
	if _, err := io.ReadFull(body, whole); err != nil {
		broken := &bodyError{cause: err}
		return broken.problem()
	}
	// While a request is answered net/http watches its connection, and takes a deadline that passes for a client that left.
	_ = control.SetReadDeadline(time.Time{})
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(whole)), nil }
	r.Body, _ = r.GetBody()
	return nil
}

// clientBody remembers what went wrong while it was read from the client: which is not the service's failure, and not
// always what the transport reports, since a broken body and the connection's end race there.
type clientBody struct {
	io.ReadCloser
	broken atomic.Pointer[bodyError]
}

func (b *clientBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		broken := &bodyError{cause: err}
		b.broken.CompareAndSwap(nil, broken)
		err = broken
	}
	return n, err
}

type bodyError struct{ cause error }

func (e *bodyError) Error() string   { return fmt.Sprintf("%v: %v", upstream.ErrClientBody, e.cause) }
func (e *bodyError) Unwrap() []error { return []error{upstream.ErrClientBody, e.cause} }

// problem is the reply to a client whose body could not be read.
func (e *bodyError) problem() error {
	switch {
	case errors.Is(e.cause, os.ErrDeadlineExceeded):
		return web.ProblemFor(http.StatusRequestTimeout)
	case isTooLarge(e.cause):
		return web.ProblemFor(http.StatusRequestEntityTooLarge)
	case errors.Is(e.cause, context.Canceled):
		return e.cause
	default:
		return errBroken.Wrap(e.cause)
	}
}

func isTooLarge(err error) bool {
	_, ok := errors.AsType[*http.MaxBytesError](err)
	return ok
}

// bufferPool lends the buffers that replies are copied through.
type bufferPool struct{ pool sync.Pool }

func newBufferPool() *bufferPool {
	return &bufferPool{pool: sync.Pool{New: func() any { return new([32 << 10]byte) }}}
}

func (b *bufferPool) Get() []byte { return b.pool.Get().(*[32 << 10]byte)[:] }

func (b *bufferPool) Put(used []byte) { b.pool.Put((*[32 << 10]byte)(used)) }
