package service

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
)

// Traceparent is the trace of ctx as W3C traceparent, empty without one.
func Traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}
