package web

import (
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
)

// conditional answers a read with 304 when its reply has an ETag that If-None-Match names (RFC 9110, 13.1.2), whichever operation
// it is. The comparison is weak.
func conditional(h huma.Context, next func(huma.Context)) {
	method, tags := h.Method(), h.Header("If-None-Match")
	if tags != "" && (method == http.MethodGet || method == http.MethodHead) {
		h = &unmodified{humaContext: h, tags: tags, header: humagin.Unwrap(h).Writer.Header()}
	}
	next(h)
}

// unmodified is a context whose reply may turn out to be known to the client. huma sets all headers before the status.
type unmodified struct {
	humaContext
	tags   string
	header http.Header
	known  bool
}

// Unwrap is for humagin.Unwrap.
func (u *unmodified) Unwrap() huma.Context { return u.humaContext }

// SetStatus makes 304 of 200.
func (u *unmodified) SetStatus(status int) {
	tag := u.header.Get("ETag")
	if u.known = status == http.StatusOK && tag != "" && holdsTag(u.tags, tag, weak); u.known {
		status = http.StatusNotModified
		u.header.Del("Content-Type") // describes a body that is not sent
	}
	u.humaContext.SetStatus(status)
}

// BodyWriter drops the body of a 304.
func (u *unmodified) BodyWriter() io.Writer {
	if u.known {
		return io.Discard
	}
	return u.humaContext.BodyWriter()
}
