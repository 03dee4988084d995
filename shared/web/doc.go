// Package web is the REST side of a service: Gin routes, huma reads, validates and documents, and this package adds
// what must be the same everywhere.
//
//	s := web.New(web.Options{Service: "product-service", Title: "Catalogue", Telemetry: tel, Verifier: verifier})
//	web.Handle(s, auth.Public(), huma.Operation{Method: "GET", Path: "/api/v1/products/{id}"}, h.product)
//	group.Go("http", func(ctx context.Context) error { return s.Serve(ctx, addr) })
//
// The way of a request: edge (edge.go) gives it an id, a span and a line in the metrics, and catches panics; the route's
// policy (policy.go) is asked before anything of the body is read; a JSON body is read and looked at (body.go) before anything
// decodes it; huma validates; the handler gets a context with
// a deadline and an identity. Whatever goes wrong comes back as application/problem+json (problem.go, RFC 9457), with
// a stable code, and never repeats what was submitted. An error is logged once, at the edge, with its cause.
package web
