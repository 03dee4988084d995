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

// receive sets the connection's deadlines and makes the body ready to be sent. A large one is returned as well: it comes
// while it is sent.
func (p *proxy) receive(c *gin.Context, timeout time.Duration) (*clientBody, error) {
	r, control := c.Request, http.NewResponseController(c.Writer)
	// Writers without deadlines are recorders in tests.
	_ = control.SetWriteDeadline(time.Now().Add(p.BodyTimeout + timeout + replyTime))
	if r.ContentLength > p.MaxBody {
		return nil, web.ProblemFor(http.StatusRequestEntityTooLarge)
	}
	// While a request is answered net/http watches its connection, and takes a deadline that passes for a client that left.
	whole := func() { _ = control.SetReadDeadline(time.Time{}) }
	if r.ContentLength == 0 {
		r.Body = http.NoBody
		whole()
		return nil, nil
	}
	_ = control.SetReadDeadline(time.Now().Add(p.BodyTimeout))
	body := &clientBody{body: http.MaxBytesReader(c.Writer, r.Body, p.MaxBody), whole: whole}
	if r.ContentLength < 0 || r.ContentLength > smallBody {
		r.Body = body
		return body, nil
	}
	read, err := io.ReadAll(body) // grows with what comes: a length that is only said costs no memory
	if err != nil {
		return nil, body.problem()
	}
	r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(read)), nil }
	r.Body, _ = r.GetBody()
	return nil, nil
}

// clientBody is a body on its way from the client. It remembers what went wrong, which is not the service's failure and
// not always what the transport reports, since a broken body and the connection's end race there.
type clientBody struct {
	body    io.ReadCloser
	whole   func()     // called once all of it has been read
	reading sync.Mutex // holds up Close, after which the connection's deadlines are the server's again
	waiting atomic.Bool
	broken  atomic.Pointer[bodyError]
}

func (b *clientBody) Read(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	b.waiting.Store(true)
	n, err := b.body.Read(p)
	b.waiting.Store(false)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		b.whole()
	default:
		broken := &bodyError{cause: err}
		b.broken.CompareAndSwap(nil, broken)
		err = broken
	}
	return n, err
}

func (b *clientBody) Close() error {
	b.reading.Lock()
	defer b.reading.Unlock()
	return b.body.Close()
}

// stalls says that it is the client whom a request waits for, or has given up.
func (b *clientBody) stalls() bool { return b.waiting.Load() || b.broken.Load() != nil }

// problem is the reply to a client whose body could not be read, nil if that did not go wrong.
func (b *clientBody) problem() error {
	if broken := b.broken.Load(); broken != nil {
		return broken.problem()
	}
	return nil
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
