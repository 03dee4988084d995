// Package handler speaks the catalogue's REST and gRPC. routes.go lists every operation with its policy; shape.go is the
// one place where wire shapes and the domain meet; errors.go gives the domain's errors their codes.
package handler
