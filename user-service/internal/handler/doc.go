// Package handler is the REST side of user-service: wire shapes, the policy of
// every route (routes.go) and the code of every error (errors.go).
package handler
