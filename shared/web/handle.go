package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"marketplace/shared/auth"
)

const (
	bearerScheme = "bearer"
	timeoutKey   = "timeout"
	schemasKey   = "schemas" // of the server, for known
)

// Route is one registered operation, for tests that ask every route for its policy.
type Route struct {
	Method string
	Path   string // as in OpenAPI: /orders/{id}
	Policy auth.Policy
}

// Handle registers an operation behind its policy. The handler's errors may be anything: faults keep their meaning,
// the rest becomes a 500. Texts in the input are in their normal form (texts.go). It panics on a policy that nobody has
// decided, on a route that exists already, on a POST that does not say how it takes a repeated request, on an input of which huma
// would miss a part, on a string in a body that does not say what it is, and on a list without a bound in bytes (bound.go).
func Handle[I, O any](
	s *Server, policy auth.Policy, op huma.Operation, handle func(ctx context.Context, in *I) (*O, error),
) {
	s.admit(policy, &op)
	refuseHidden(op, reflect.TypeFor[I]())
	bound(&op, reflect.TypeFor[I](), reflect.TypeFor[O]())
	complete := s.bodied(&op, reflect.TypeFor[I]())
	timeout := s.timeoutOf(&op)
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	defer func() { // huma documents a body wherever the type has one
		if r := op.Responses[fmt.Sprint(http.StatusNoContent)]; r != nil {
			r.Content = nil
		}
	}()
	var clean cleaner
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := s.begin(ctx, timeout)
		defer cancel()
		if clean != nil {
			if err := refusal(clean(reflect.ValueOf(in).Elem())); err != nil {
				return nil, s.refuse(ctx, err)
			}
		}
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		return out, nil
	})
	complete()
	clean = s.cleanTexts(reflect.TypeFor[I](), s.registered)
}

// WithTimeout gives an operation another time for its handler and its reply than the server's. A negative one removes the limit, for streams.
func WithTimeout(op huma.Operation, d time.Duration) huma.Operation {
	return noted(op, timeoutKey, d)
}

// noted is the operation with one more entry in its metadata.
func noted(op huma.Operation, key string, value any) huma.Operation {
	op.Metadata = withEntry(op.Metadata, key, value)
	return op
}

// withEntry is a copy of the map with one more entry.
func withEntry(m map[string]any, key string, value any) map[string]any {
	copied := make(map[string]any, len(m)+1)
	maps.Copy(copied, m)
	copied[key] = value
	return copied
}

// Replies documents the body of a reply that a handler writes as Raw.
func Replies[T any](s *Server, op huma.Operation, status int) huma.Operation {
	schema := huma.SchemaFromType(s.api.OpenAPI().Components.Schemas, reflect.TypeFor[T]())
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	op.DefaultStatus = status
	op.Responses[fmt.Sprint(status)] = &huma.Response{
		Description: http.StatusText(status),
		Content:     map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}
	return op
}

// Routes lists what has been registered.
func (s *Server) Routes() []Route { return s.routes }

// admit checks an operation and completes it.
func (s *Server) admit(policy auth.Policy, op *huma.Operation) {
	route := Route{Method: op.Method, Path: op.Path, Policy: policy}
	if !policy.Valid() {
		panic(fmt.Sprintf("web: %s %s has no policy", op.Method, op.Path))
	}
	for _, other := range s.routes {
		if other.Method == route.Method && other.Path == route.Path {
			panic(fmt.Sprintf("web: %s %s is registered twice", op.Method, op.Path))
		}
	}
	s.routes = append(s.routes, route)
	op.Security = securityOf(policy)
	if op.OperationID == "" {
		op.OperationID = huma.GenerateOperationID(op.Method, op.Path, struct{}{})
	}
	if op.BodyReadTimeout == 0 {
		op.BodyReadTimeout = bodyTime
	}
	repeated := s.admitRepeat(policy, op)
	op.Middlewares = slices.Concat(huma.Middlewares{s.guard(policy), s.parameters, s.content, conditional}, repeated, op.Middlewares)
	*op = noted(*op, schemasKey, s.api.OpenAPI().Components.Schemas)
}

// securityOf is how the document tells a policy: one alternative for each role that is enough (OpenAPI 3.1, Security Requirement Object).
func securityOf(policy auth.Policy) []map[string][]string {
	if !policy.NeedsToken() {
		return nil
	}
	var alternatives []map[string][]string
	for _, role := range policy.Roles() {
		alternatives = append(alternatives, map[string][]string{bearerScheme: {role}})
	}
	if alternatives == nil {
		return []map[string][]string{{bearerScheme: {}}}
	}
	return alternatives
}

// refuseHidden panics on an input with an embedded unexported struct: huma passes over it in silence, and its headers and
// parameters would never arrive.
func refuseHidden(op huma.Operation, input reflect.Type) {
	for field := range input.Fields() {
		if field.Anonymous && !field.IsExported() {
			panic(fmt.Sprintf("web: %s %s: huma does not see the embedded %s; export it", op.Method, op.Path, field.Name))
		}
	}
}

func (s *Server) timeoutOf(op *huma.Operation) time.Duration {
	if d, ok := op.Metadata[timeoutKey].(time.Duration); ok {
		return d
	}
	return s.options.Timeout
}

// refuse turns a handler's error into the reply, and keeps its cause for the log.
func (s *Server) refuse(ctx context.Context, err error) *Problem {
	p := problemOf(ctx, err)
	if sc := scopeOf(ctx); sc != nil {
		sc.cause = p.cause
	}
	return p
}
