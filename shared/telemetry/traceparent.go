package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
)

const traceparent = "traceparent"

// Traceparent is the W3C traceparent of ctx's span, empty without one: a trace as a plain value, for where a context cannot go.
func Traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[traceparent]
}

// WithTraceparent returns ctx in the trace of a Traceparent. Anything else leaves ctx as it is.
func WithTraceparent(ctx context.Context, value string) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceparent: value})
}
