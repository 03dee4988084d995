package telemetry_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"marketplace/shared/telemetry"
)

func TestTraceparent_CarriesATraceAsAValue(t *testing.T) {
	ctx, span := telemetry.Nop().Tracer.Tracer("test").Start(t.Context(), "work")
	value := telemetry.Traceparent(ctx)
	there := telemetry.WithTraceparent(t.Context(), value)
	require.Equal(t, span.SpanContext().TraceID(), trace.SpanContextFromContext(there).TraceID())

	require.Empty(t, telemetry.Traceparent(t.Context()))
	require.Equal(t, t.Context(), telemetry.WithTraceparent(t.Context(), "garbage"))
}
