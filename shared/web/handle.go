package web

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"reflect"
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
// the rest becomes a 500. It panics on a policy that nobody has decided, on a route that exists already, and on an input of
// which huma would miss a part.
func Handle[I, O any](
	s *Server, policy auth.Policy, op huma.Operation, handle func(ctx context.Context, in *I) (*O, error),
) {
	s.admit(policy, &op)
	refuseHidden(op, reflect.TypeFor[I]())
	timeout := s.timeoutOf(&op)
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		ctx, cancel := s.begin(ctx, timeout)
		defer cancel()
		out, err := handle(ctx, in)
		if err != nil {
			return nil, s.refuse(ctx, err)
		}
		return out, nil
	})
}

// WithTimeout gives an operation another time for its handler and its reply than the server's. A negative one removes the limit, for streams.
func WithTimeout(op huma.Operation, d time.Duration) huma.Operation {
	return noted(op, timeoutKey, d)
}

// noted is the operation with one more entry in its metadata.
func noted(op huma.Operation, key string, value any) huma.Operation {
	metadata := map[string]any{}
	maps.Copy(metadata, op.Metadata)
	metadata[key] = value
	op.Metadata = metadata
	return op
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
	if policy.NeedsToken() {
		op.Security = []map[string][]string{{bearerScheme: {}}}
	}
	if op.OperationID == "" {
		op.OperationID = huma.GenerateOperationID(op.Method, op.Path, struct{}{})
	}
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = s.options.MaxBody
	}
	if op.BodyReadTimeout == 0 {
		op.BodyReadTimeout = bodyTime
	}
	op.Middlewares = append(huma.Middlewares{s.guard(policy)}, op.Middlewares...)
	*op = noted(*op, schemasKey, s.api.OpenAPI().Components.Schemas)
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
