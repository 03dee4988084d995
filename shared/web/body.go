package web

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"reflect"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"marketplace/shared/strictjson"
)

// A JSON body is read and looked at here before huma sees it: what reaches the decoder and the validation is text that can
// be read in one way only, no larger than the route allows, with no more parts than its schema allows, and with null only where
// the schema has it. huma itself would validate whatever comes and keep every error, skip null in optional fields, and
// decode bytes that are no UTF-8 to U+FFFD.

// DefaultMaxBody is the limit of a body in bytes for routes that do not set another in huma.Operation.MaxBodyBytes.
const DefaultMaxBody = 64 << 10

// maxBodyExtension tells the clients of a route its limit, in bytes.
const maxBodyExtension = "x-max-body-bytes"

// bodyRule is what a route says about its body.
type bodyRule struct {
	limit    int64
	json     bool              // the body is JSON
	optional bool              // none is the same as {}
	shape    *strictjson.Shape // of JSON
}

// bodied prepares an operation for its input's body. The returned function completes the rule once huma has the operation's schema.
func (s *Server) bodied(op *huma.Operation, input reflect.Type) (complete func()) {
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = s.options.MaxBody
	}
	rule := &bodyRule{limit: op.MaxBodyBytes}
	op.Middlewares = append(op.Middlewares[:len(op.Middlewares):len(op.Middlewares)], s.receive(rule))
	_, decoded := input.FieldByName("Body")
	_, raw := input.FieldByName("RawBody")
	if !decoded && !raw {
		return func() {}
	}
	op.MaxBodyBytes++ // huma takes a body of exactly its limit for one that is longer
	op.Extensions = withEntry(op.Extensions, maxBodyExtension, rule.limit)
	if op.RequestBody == nil {
		op.RequestBody = &huma.RequestBody{}
	}
	described := op.RequestBody
	return func() {
		if media := described.Content[mediaJSON]; media != nil {
			rule.json = true
			rule.optional = op.Method == http.MethodPost && s.wantsNothing(media.Schema)
			if rule.optional {
				described.Required = false
			}
			rule.shape = shapesOf(s.api.OpenAPI().Components.Schemas).of(media.Schema)
		}
	}
}

// wantsNothing says whether a body may be absent: an empty object has everything that it must have.
func (s *Server) wantsNothing(schema *huma.Schema) bool {
	if schema.Ref != "" {
		schema = s.api.OpenAPI().Components.Schemas.SchemaFromRef(schema.Ref)
	}
	return schema.Type == huma.TypeObject && len(schema.Required) == 0
}

// receive refuses bodies that are too long, and JSON that breaks the rule.
func (s *Server) receive(rule *bodyRule) func(huma.Context, func(huma.Context)) {
	return func(h huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(h)
		if c.Request.ContentLength > rule.limit {
			s.write(c, problemFor(http.StatusRequestEntityTooLarge))
			return
		}
		if !rule.json || !s.decodes(h.Header("Content-Type")) {
			c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, rule.limit+1) // huma answers 413 at its limit, which is one byte more
			next(h)
			return
		}
		read := bodies.Get().(*bytes.Buffer)
		defer giveBack(read)
		read.Grow(int(max(c.Request.ContentLength, 0)) + bytes.MinRead) // not more than the limit, which the length was compared with
		problem := readBody(h, read, rule.limit)
		if problem == nil && read.Len() == 0 && rule.optional {
			read.WriteString("{}")
		}
		if problem == nil && read.Len() > 0 {
			problem = checkBody(read.Bytes(), rule.shape)
		}
		switch {
		case problem != nil:
			s.write(c, problem)
		case h.Context().Err() != nil:
			s.write(c, problemFor(http.StatusBadRequest)) // the caller has left while it was read
		default:
			next(bodyContext{h, bytes.NewReader(read.Bytes())})
		}
	}
}

// decodes says whether huma decodes bodies of this type; it refuses the others.
func (s *Server) decodes(contentType string) bool {
	if contentType == "" || contentType == mediaJSON {
		return true
	}
	return !errors.Is(s.api.Unmarshal(contentType, []byte("null"), new(any)), huma.ErrUnknownContentType)
}

const mediaJSON = "application/json"

// bodies are lent while huma copies what is in them.
var bodies = sync.Pool{New: func() any { return &bytes.Buffer{} }}

func giveBack(body *bytes.Buffer) {
	if body.Cap() <= DefaultMaxBody+2*bytes.MinRead {
		body.Reset()
		bodies.Put(body)
	}
}

func readBody(h huma.Context, into *bytes.Buffer, limit int64) *Problem {
	from := h.BodyReader()
	if from == nil {
		return nil
	}
	_ = h.SetReadDeadline(time.Now().Add(h.Operation().BodyReadTimeout)) // recorders in tests have none
	read, err := into.ReadFrom(io.LimitReader(from, limit+1))
	if read > limit {
		return problemFor(http.StatusRequestEntityTooLarge)
	}
	if err == nil {
		return nil
	}
	if late, ok := errors.AsType[net.Error](err); ok && late.Timeout() {
		return problemFor(http.StatusRequestTimeout)
	}
	return problemFor(http.StatusBadRequest) // it broke off
}

// checkBody is the problem of a JSON body, nil when there is none.
func checkBody(body []byte, shape *strictjson.Shape) *Problem {
	refusals, err := strictjson.Defaults.Check(body, shape)
	if err != nil {
		p := problemFor(http.StatusBadRequest)
		p.Detail = "The request cannot be parsed: " + err.Error() + "."
		return p
	}
	if len(refusals) == 0 {
		return nil
	}
	p := problemFor(http.StatusUnprocessableEntity)
	for _, refusal := range refusals {
		p.Errors = append(p.Errors, ErrorDetail{Location: inBody(refusal.Path), Message: refusal.Message})
	}
	return p
}

// inBody is a path as a location.
func inBody(path string) string {
	if path == "" || path[0] == '[' {
		return "body" + path
	}
	return "body." + path
}

// bodyContext is a request whose body has been read.
type bodyContext struct {
	humaContext
	body io.Reader
}

type humaContext = huma.Context // has a method Context, so it cannot be embedded under this name

// BodyReader returns the body again.
func (b bodyContext) BodyReader() io.Reader { return b.body }

// Unwrap is for humagin.Unwrap.
func (b bodyContext) Unwrap() huma.Context { return b.humaContext }
