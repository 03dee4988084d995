package proxy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"marketplace/infrastructure/internal/upstream"
)

// exchange is a request with what becomes of it. One goroutine uses it, but for the body.
type exchange struct {
	client  string
	limits  Limits // as they were when the request came
	control *http.ResponseController
	body    *clientBody // nil when it was read before, or there is none
	err     error       // of the round trip
	reply   heldReply
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange { return ctx.Value(exchangeKey{}).(*exchange) }

// RoundTrip sends a request on and reads the whole reply before the client gets any of it: a client that reads slowly then keeps
// no service waiting. A stream is handed on as it comes, and so is what a reply has beyond MaxReply.
func (p *proxy) RoundTrip(r *http.Request) (*http.Response, error) {
	x := exchangeOf(r.Context())
	if err := p.held.room(x.client); err != nil {
		return nil, err // before anything has happened
	}
	reply, err := p.Transport.RoundTrip(r)
	if err != nil && x.body != nil {
		x.body.stop()
	}
	if err != nil || reply.StatusCode == http.StatusSwitchingProtocols || isStream(reply) && streams(r) {
		return reply, err
	}
	x.reply = heldReply{held: p.held, client: x.client}
	whole, err := x.reply.fill(reply.Body, x.limits.MaxReply)
	switch {
	case err == nil:
	case isRefusal(err) && slices.Contains(reads, r.Method):
		reply.Body.Close()
		return nil, err
	case isRefusal(err):
		// The change has happened: its reply must not be lost, and flows.
	default:
		reply.Body.Close()
		return nil, lost(r, err)
	}
	if x.body != nil {
		x.body.stop() // the service has answered without the rest of it
	}
	if !whole {
		reply.Body = &flowing{Reader: io.MultiReader(&x.reply, reply.Body), Closer: reply.Body}
		return reply, nil
	}
	reply.Body.Close()
	_ = x.control.SetWriteDeadline(time.Now().Add(x.limits.ReplyTimeout)) // recorders in tests have none
	reply.Body, reply.TransferEncoding = io.NopCloser(&x.reply), nil
	if reply.StatusCode != http.StatusNoContent && reply.StatusCode != http.StatusNotModified { // they have no body to tell the length of
		reply.ContentLength = x.reply.size
		reply.Header.Set("Content-Length", strconv.FormatInt(x.reply.size, 10))
	}
	return reply, nil
}

var reads = []string{http.MethodGet, http.MethodHead, http.MethodOptions}

func isRefusal(err error) bool { return errors.Is(err, errSlowReader) || errors.Is(err, errFull) }

// lost is the fault of a reply that broke off before the client got any of it.
func lost(r *http.Request, err error) error {
	switch {
	case r.Context().Err() != nil:
		return fmt.Errorf("reading the reply: %w", context.Cause(r.Context()))
	case slices.Contains(reads, r.Method):
		return upstream.Away.Wrap(err)
	default:
		return upstream.Broken.Wrap(err)
	}
}

func isStream(reply *http.Response) bool {
	return strings.HasPrefix(reply.Header.Get("Content-Type"), "text/event-stream")
}

// flowing is the body of a reply of which a part was read before.
type flowing struct {
	io.Reader
	io.Closer
}

// heldReply is a reply that has been read from the service, or the beginning of one.
type heldReply struct {
	held   *held
	client string
	chunks []*[chunkBytes]byte
	size   int64
	read   int // of the first chunk
	left   int64
}

// fill reads a body of at most most bytes, in whole chunks. It returns false when there is more, or with the error that ended it, which is
// errSlowReader or errFull when there is no room.
func (h *heldReply) fill(body io.Reader, most int64) (whole bool, err error) {
	for h.size+chunkBytes <= most {
		chunk, err := h.held.take(h.client)
		if err != nil {
			return false, err
		}
		h.chunks = append(h.chunks, chunk)
		for n := 0; n < chunkBytes; {
			read, err := body.Read(chunk[n:])
			n += read
			h.size += int64(read)
			h.left = h.size
			switch {
			case errors.Is(err, io.EOF):
				return true, nil
			case err != nil:
				return false, err
			}
		}
	}
	return false, nil
}

// Read hands the reply on. A chunk goes back when the next one is asked for: the client's connection has taken it then.
func (h *heldReply) Read(p []byte) (int, error) {
	if h.left == 0 {
		h.release()
		return 0, io.EOF
	}
	if h.read == chunkBytes {
		h.held.give(h.client, h.chunks[0])
		h.chunks, h.read = h.chunks[1:], 0
	}
	n := copy(p, h.chunks[0][h.read:][:min(int64(chunkBytes-h.read), h.left)])
	h.read += n
	h.left -= int64(n)
	return n, nil
}

// release gives back all chunks.
func (h *heldReply) release() {
	for _, chunk := range h.chunks {
		h.held.give(h.client, chunk)
	}
	h.chunks, h.left = nil, 0
}
