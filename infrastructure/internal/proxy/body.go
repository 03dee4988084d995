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
	// lingerTime is for what is left of a body that nobody needs any more: net/http reads up to 256 KB of it before it sends the
	// reply, and a client that stalls must not hold that up.
	lingerTime = 300 * time.Millisecond
	// chunkTime is lingerTime for a body in chunks. Their reader cannot go on after a deadline has passed under it, so the rest could not be
	// dropped and the connection would be reset under the refusal. It is as long as shared/web goes on reading.
	chunkTime = time.Second
)

// receive sets the connection's deadlines and makes the body ready to be sent. A large one is returned as well: it comes
// while it is sent.
func receive(c *gin.Context, limits Limits, timeout time.Duration) (*clientBody, error) {
	r, control := c.Request, http.NewResponseController(c.Writer)
	// Writers without deadlines are recorders in tests.
	_ = control.SetWriteDeadline(time.Now().Add(limits.BodyTimeout + timeout + limits.ReplyTimeout))
	if r.ContentLength > limits.MaxBody {
		return nil, web.ProblemFor(http.StatusRequestEntityTooLarge)
	}
	// While a request is answered net/http watches its connection, and takes a deadline that passes for a client that left.
	whole := func() { _ = control.SetReadDeadline(time.Time{}) }
	if r.ContentLength == 0 {
		r.Body = http.NoBody
		whole()
		return nil, nil
	}
	_ = control.SetReadDeadline(time.Now().Add(limits.BodyTimeout))
	body := newClientBody(http.MaxBytesReader(c.Writer, r.Body, limits.MaxBody), control, whole)
	if r.ContentLength < 0 {
		body.linger = chunkTime
	}
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
	body     io.ReadCloser
	control  *http.ResponseController
	whole    func() // called once all of it has been read
	linger   time.Duration
	reading  sync.Mutex // holds up Close, after which the connection's deadlines are the server's again
	waiting  atomic.Bool
	complete atomic.Bool
	stopped  atomic.Bool
	broken   atomic.Pointer[bodyError]
	closed   chan struct{}
	close    func() // closes closed, once
}

func newClientBody(body io.ReadCloser, control *http.ResponseController, whole func()) *clientBody {
	b := &clientBody{body: body, control: control, whole: whole, linger: lingerTime, closed: make(chan struct{})}
	b.close = sync.OnceFunc(func() { close(b.closed) })
	return b
}

var errStopped = errors.New("the service has answered without the rest of the body")

func (b *clientBody) Read(p []byte) (int, error) {
	n, err := b.next(p)
	if err != nil && b.stopped.Load() && !b.complete.Load() {
		<-b.closed // an error would have the transport drop the reply that it is reading
		return 0, errStopped
	}
	return n, err
}

func (b *clientBody) next(p []byte) (int, error) {
	b.reading.Lock()
	defer b.reading.Unlock()
	if b.stopped.Load() {
		return 0, errStopped
	}
	b.waiting.Store(true)
	n, err := b.body.Read(p)
	b.waiting.Store(false)
	switch {
	case err == nil:
	case errors.Is(err, io.EOF):
		b.complete.Store(true)
		b.whole()
	case b.stopped.Load():
	default:
		broken := &bodyError{cause: err}
		b.broken.CompareAndSwap(nil, broken)
		err = broken
	}
	return n, err
}

// stop ends the reading: the service has answered, or nobody waits for it. What the client still sends has the time of linger to come. The
// deadline must lie ahead and go when the body turns out to be whole: net/http watches the connection from then on, and takes
// a deadline that passes for a client that left.
func (b *clientBody) stop() {
	if b.complete.Load() {
		return
	}
	b.stopped.Store(true)
	_ = b.control.SetReadDeadline(time.Now().Add(b.linger))
	b.reading.Lock() // waits for a read that is under way
	defer b.reading.Unlock()
	if b.complete.Load() {
		b.whole()
		return
	}
	_ = b.control.SetReadDeadline(time.Now().Add(b.linger))
}

func (b *clientBody) Close() error {
	b.close()
	b.reading.Lock()
	defer b.reading.Unlock()
	if b.stopped.Load() {
		return nil // the server still reads and drops what the client sends, so that the reply arrives
	}
	return b.body.Close()
}

// Stalls says that it is the client whom a request waits for, or has given up.
func (b *clientBody) Stalls() bool { return b.waiting.Load() || b.broken.Load() != nil }

// Whole says that all of it has been read.
func (b *clientBody) Whole() bool { return b.complete.Load() }

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
	return &bufferPool{pool: sync.Pool{New: func() any { return new([chunkBytes]byte) }}}
}

func (b *bufferPool) Get() []byte { return b.pool.Get().(*[chunkBytes]byte)[:] }

func (b *bufferPool) Put(used []byte) { b.pool.Put((*[chunkBytes]byte)(used)) }
